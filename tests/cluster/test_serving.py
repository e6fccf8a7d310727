"""The service in a cluster: what a listener tells one pod counts on another, and no loss of a part loses an event."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from support.end_to_end import (
    API_LABELS,
    BROKER_LABELS,
    DATABASE,
    EVENTS_LABELS,
    IMAGES,
    RESTRICTED,
    System,
    Trained,
    training_run,
    unique,
)
from support.served_pods import two_pods, wait_until_served
from support.serving_client import event_id
from support.waiting import poll

pytestmark = pytest.mark.cluster

EVENTS = 10_000
CLIENT = Path(__file__).resolve().parents[1] / "support" / "serving_client.py"


def test_a_like_given_to_one_pod_changes_the_list_of_another(
    system: System, trained: Trained, key: str, progress: Callable[[str], None]
) -> None:
    user = unique("listener")
    lists = f"/v1/users/{user}/recommendations?catalogue={trained.name}&limit=10"
    with two_pods(system, key) as (one, other):
        wait_until_served((one, other), trained.name)
        before = other.call(lists)
        track = system.stored(trained.name)[0]["trackId"]
        like = {"type": "like", "user": user, "trackId": track, "catalogue": trained.name}
        began = time.monotonic()
        one.call(f"/v1/events?catalogue={trained.name}", {"events": [like]})

        def changed() -> Any:
            found = other.call(lists)
            return found if found["hits"] != before["hits"] else None

        after = poll(changed, what="list that the like has changed", seconds=30, interval=0.05)
        progress(f"a like counted on another pod after {time.monotonic() - began:.2f} s")
    assert {hit["because"]["id"] for hit in after["hits"]} == {track}


@contextmanager
def client(system: System, **work: Any) -> Iterator[Callable[[], dict[str, Any]]]:
    """A client in a pod of its own; gives a function that waits for what it has to say."""
    name = unique("client")
    container = {
        "name": "client",
        "image": f"{IMAGES}/segue-jobs:dev",
        "command": ["python", "-c", CLIENT.read_text("utf-8")],
        "env": [{"name": "WORK", "value": json.dumps({"url": "http://segue-api", **work})}],
        "securityContext": RESTRICTED,
    }
    system.kubectl.apply(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name},
            "spec": {"containers": [container], "restartPolicy": "Never", "terminationGracePeriodSeconds": 0},
        }
    )

    def result() -> dict[str, Any]:
        def ended() -> str | None:
            phase = (system.kubectl.get("pod", name) or {})["status"].get("phase")
            return phase if phase in ("Succeeded", "Failed") else None

        phase = poll(ended, what=f"end of the pod {name}", seconds=300)
        log = system.kubectl.run("logs", name)
        assert phase == "Succeeded", log
        found: dict[str, Any] = json.loads(log.splitlines()[-1])
        return found

    yield result
    system.kubectl.delete("pod", name)


def test_no_acknowledged_event_is_lost_or_doubled_while_parts_are_killed(
    system: System, trained: Trained, key: str, progress: Callable[[str], None]
) -> None:
    """A pod of the service, the sink of events, then the broker; questions are answered all along."""
    user = unique("crowd")
    tracks = [track["trackId"] for track in system.stored(trained.name)]
    work = {"key": key, "catalogue": trained.name, "tracks": tracks, "user": user}
    kubectl = system.kubectl
    with client(system, **work, events=EVENTS, batch=100, pause=0.4, seconds=60) as result:
        time.sleep(5)
        for labels in (API_LABELS, EVENTS_LABELS, BROKER_LABELS):
            victim = kubectl.running_pod(labels)
            progress(f"killing {victim}")
            kubectl.delete("pod", victim, now=labels is not BROKER_LABELS, wait=False)
            time.sleep(12)
        found = result()
    progress(f"asked {found['asked']}, told {found['told']}")
    assert set(found["asked"]) <= {"200", "0"}, "beyond a connection that a killed pod held, every question is answered"
    assert found["asked"]["200"] > 100
    sent = sorted(event_id(user, number) for number in range(EVENTS))
    assert sorted(found["acknowledged"]) == sent

    def stored() -> list[str] | None:
        with system.database() as database:
            found = database[DATABASE]["events"].find({"user": {"$regex": f"^{user}-"}}, {"_id": 1})
            ids = [str(one["_id"]) for one in found]
        return ids if len(ids) >= EVENTS else None

    ids = poll(stored, what="events in the database", seconds=120, interval=2)
    assert sorted(ids) == sent


def test_models_change_under_load_without_an_error(system: System, trained: Trained, key: str) -> None:
    second = unique("second")
    run = training_run(second, trained.name, promotion={"policy": "Always"})
    run["spec"]["kmeans"]["seed"] = 2
    user = unique("listener")
    work = {"key": key, "catalogue": trained.name, "tracks": [], "user": user}
    system.kubectl.apply(run)
    system.kubectl.wait("trainingrun", second, "Succeeded", seconds=300)
    with (
        client(system, **work, events=0, batch=1, pause=0, seconds=30) as result,
        two_pods(system, key) as (one, other),
    ):
        path = f"/v1/active-model?catalogue={trained.name}"
        lists = f"/v1/users/{user}/recommendations?catalogue={trained.name}"
        for version in ("1", "2", "1"):
            one.call(path, {"model": version, "reason": "a test"}, method="PUT")
            wanted = f"{trained.name}:{version}"
            poll(lambda w=wanted: other.call(lists)["context"]["model"] == w, what=f"answers by {wanted}", seconds=30)
        found = result()
    assert set(found["asked"]) == {"200"}
