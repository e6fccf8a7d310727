"""Faults that take minutes: `make test-cluster-faults`. What ran before them goes on, and what is told stays true."""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from segue_operator.kinds.conditions import is_finished
from support.backups import dump, restore
from support.end_to_end import (
    API_LABELS,
    DATABASE,
    EVENTS_LABELS,
    NAMESPACE,
    OPERATOR_LABELS,
    RELEASE,
    System,
    Trained,
    driver_labels,
    install,
    track_batch,
    training_run,
    uninstall,
    unique,
)
from support.served_pods import two_pods, wait_until_served
from support.waiting import poll

pytestmark = [pytest.mark.cluster, pytest.mark.faults]

KILLING_SECONDS = 150.0


def test_a_batch_and_a_run_outlive_an_operator_that_is_killed_every_five_seconds(
    system: System, progress: Callable[[str], None]
) -> None:
    name, kubectl = unique("mortal"), system.kubectl
    kubectl.apply(track_batch(name, name), training_run(name, name, batches=[name]))
    end, killed = time.monotonic() + KILLING_SECONDS, 0
    while time.monotonic() < end and not is_finished(kubectl.get("trainingrun", name) or {}):
        for pod in kubectl.pods(OPERATOR_LABELS):
            kubectl.delete("pod", pod, wait=False, now=True)
            killed += 1
        time.sleep(5)
    progress(f"{killed} operators were killed")
    batch = kubectl.wait("trackbatch", name, "Succeeded", seconds=240)
    run = kubectl.wait("trainingrun", name, "Succeeded", seconds=300)
    assert killed > 5
    system.assert_complete(batch)
    assert len(run["status"]["attempts"]) == 1
    assert run["status"]["model"]["version"] == f"{name}:1"


def test_training_outlives_a_restart_of_the_api_server(system: System, progress: Callable[[str], None]) -> None:
    restart = os.environ.get("SEGUE_RESTART_API_SERVER")
    if restart is None:
        pytest.skip("SEGUE_RESTART_API_SERVER does not say how this cluster's API server is restarted")
    name, kubectl = unique("headless"), system.kubectl
    kubectl.apply(track_batch(name, name), training_run(name, name, batches=[name]))
    kubectl.running_pod(driver_labels(name), seconds=240)
    for _ in range(2):
        subprocess.run(shlex.split(restart), check=True, timeout=180)
        progress("the API server was restarted")
        time.sleep(10)
    run = kubectl.wait("trainingrun", name, "Succeeded", seconds=400)
    assert run["status"]["model"]["version"] == f"{name}:1"
    system.assert_complete(kubectl.wait("trackbatch", name, "Succeeded"))


def test_a_quota_on_pods_is_named_and_once_it_is_raised_the_batch_succeeds(system: System) -> None:
    name, kubectl = unique("crowded"), system.kubectl
    running = len(kubectl.pods({}, "Running", "Pending"))  # a quota does not count those that have ended
    kubectl.run("create", "quota", name, f"--hard=pods={running}")
    try:
        kubectl.apply(track_batch(name, name))
        poll(lambda: "exceeded quota" in kubectl.conditions("trackbatch", name), what="the quota named", seconds=150)
        kubectl.patch("resourcequota", name, {"spec": {"hard": {"pods": "1k"}}})
        system.assert_complete(kubectl.wait("trackbatch", name, "Succeeded", seconds=240))
    finally:
        kubectl.delete("resourcequota", name)


@contextmanager
def pod_security(system: System, level: str) -> Iterator[None]:
    """Another level of PodSecurity for new pods of the namespace."""

    def label(value: str) -> None:
        system.kubectl.run(
            "label", "namespace", NAMESPACE, f"pod-security.kubernetes.io/enforce={value}", "--overwrite"
        )

    label(level)
    try:
        yield
    finally:
        label("baseline")


def test_batches_and_runs_need_no_more_than_restricted_pods_may(system: System) -> None:
    name, kubectl = unique("restricted"), system.kubectl
    with pod_security(system, "restricted"):
        kubectl.apply(track_batch(name, name), training_run(name, name, batches=[name]))
        batch = kubectl.wait("trackbatch", name, "Succeeded")
        kubectl.wait("trainingrun", name, "Succeeded", seconds=300)
    system.assert_complete(batch)


def test_listeners_get_answers_while_the_database_is_away(system: System, trained: Trained, key: str) -> None:
    user = unique("listener")
    lists = f"/v1/users/{user}/recommendations?catalogue={trained.name}&limit=10"
    track = system.stored(trained.name)[0]["trackId"]
    with two_pods(system, key) as (one, other):
        wait_until_served((one, other), trained.name)
        before = other.call(lists)  # from here on the pod has the listener in memory
        with system.database_away():
            like = {"type": "like", "user": user, "trackId": track}
            one.call(f"/v1/events?catalogue={trained.name}", {"events": [like]})
            poll(lambda: other.call(lists)["hits"] != before["hits"], what="list that the like has changed", seconds=30)

    def stored() -> bool:
        with system.database() as client:
            return client[DATABASE]["events"].count_documents({"user": user}) == 1

    poll(stored, what="the like in the database", seconds=150, interval=2)


def test_a_batch_waits_for_a_database_that_is_away(system: System) -> None:
    name, kubectl = unique("patient"), system.kubectl
    with system.database_away():
        kubectl.apply(track_batch(name, name))
        time.sleep(60)
        assert not is_finished(kubectl.get("trackbatch", name) or {})
    system.assert_complete(kubectl.wait("trackbatch", name, "Succeeded", seconds=300))


def test_a_backup_and_the_topic_give_back_what_listeners_said(system: System, trained: Trained, key: str) -> None:
    """The steps of docs/how-to/back-up.md; what was said after the backup comes again from its topic."""
    user, kubectl = unique("listener"), system.kubectl
    first, second = (track["trackId"] for track in system.stored(trained.name)[:2])
    events, writers = f"/v1/events?catalogue={trained.name}", ("deployment/segue-events", "deployment/segue-api")

    def like(track: str) -> None:
        with two_pods(system, key) as (one, _):
            one.call(events, {"events": [{"type": "like", "user": user, "trackId": track}]})

    def stored() -> set[str]:
        with system.database() as client:
            return {event["trackId"] for event in client[DATABASE]["events"].find({"user": user})}

    like(first)
    poll(lambda: stored() == {first}, what="the first like in the database", seconds=60)
    with system.database() as client:
        backup = dump(client[DATABASE])
    like(second)
    poll(lambda: stored() == {first, second}, what="the second like in the database", seconds=60)

    kubectl.run("scale", *writers, "--replicas=0")
    for labels in (API_LABELS, EVENTS_LABELS):
        poll(lambda labels=labels: not kubectl.pods(labels), what=f"end of the pods {labels}", seconds=90)
    with system.database() as client:
        restore(client[DATABASE], backup)
    assert stored() == {first}
    kubectl.run("scale", writers[0], "--replicas=1")
    kubectl.run("rollout", "status", writers[0], "--timeout=100s")
    kubectl.run("scale", writers[1], "--replicas=2")

    poll(lambda: stored() == {first, second}, what="the second like from the topic", seconds=120)
    assert "the database is older than the group's offsets" in kubectl.run("logs", kubectl.running_pod(EVENTS_LABELS))
    with two_pods(system, key) as pods:
        wait_until_served(pods, trained.name)
        for pod in pods:
            found = pod.call(f"/v1/users/{user}/profile?catalogue={trained.name}")
            assert {event["trackId"] for event in found["events"]} == {first, second}
            assert {opinion[0] for opinion in found["profile"]["opinions"]} == {first, second}


def test_what_was_stored_outlives_the_release(
    system: System, trained: Trained, progress: Callable[[str], None]
) -> None:
    """Uninstalled, its brokers and their topics gone, and installed again: the database and the resources stay."""
    kubectl, again = system.kubectl, unique("again")
    before = system.stored(trained.name)
    uninstall(kubectl)
    progress("uninstalled")
    assert kubectl.get("trackbatch", trained.name) is not None
    install(kubectl)
    kubectl.wait("kafka", RELEASE, "Ready")
    progress("installed again")
    assert system.recommend("--catalogue", trained.name, "--like", before[0]["trackId"])["hits"]
    kubectl.apply(track_batch(again, trained.name))
    status = kubectl.wait("trackbatch", again, "Succeeded", seconds=240)["status"]
    assert {track["_id"] for track in system.stored(trained.name)} == {track["_id"] for track in before}
    assert status["tracks"]["extracted"] == 0
    assert (kubectl.get("trackbatch", trained.name) or {})["status"]["phase"] == "Succeeded"
