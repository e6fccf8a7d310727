"""Pods that die in mid-run: whatever is taken away, every track is accounted for in the end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from segue_operator.kinds.constants import Component, ConditionReason
from support.end_to_end import (
    BROKER_LABELS,
    OPERATOR_LABELS,
    System,
    batch_labels,
    driver_labels,
    track_batch,
    training_run,
    unique,
)
from support.waiting import poll

pytestmark = pytest.mark.cluster

Fault = Callable[[System, str], None]


def lose_extract_pod(system: System, batch: str) -> None:
    """As if its node died."""
    system.kubectl.delete("pod", system.kubectl.running_pod(batch_labels(batch, Component.EXTRACT)), now=True)


def lose_sink_pod(system: System, batch: str) -> None:
    """As if its node died."""
    system.kubectl.delete("pod", system.kubectl.running_pod(batch_labels(batch, Component.SINK)), now=True)


def lose_operator(system: System, batch: str) -> None:
    """As if its node died; the program that replaces it knows nothing but what the cluster holds."""
    system.kubectl.delete("pod", system.kubectl.running_pod(OPERATOR_LABELS), now=True)


def lose_broker(system: System, batch: str) -> None:
    """The only broker is away for half a minute; it comes back with its log."""
    system.kubectl.delete("pod", system.kubectl.running_pod(BROKER_LABELS), wait=False)


def drain(system: System, batch: str) -> None:
    """Every pod of the batch is evicted, as a drain of the node would."""
    for pod in system.kubectl.pods(batch_labels(batch), "Running"):
        system.kubectl.evict(pod)


@pytest.mark.parametrize("fault", [lose_extract_pod, lose_sink_pod, lose_operator, lose_broker, drain])
def test_a_batch_outlives(system: System, fault: Fault) -> None:
    name = unique("fault")
    system.kubectl.apply(track_batch(name, name, shards=4, parallelism=1))
    system.kubectl.running_pod(batch_labels(name, Component.SINK))
    system.kubectl.running_pod(batch_labels(name, Component.EXTRACT))
    fault(system, name)
    tracks = system.kubectl.wait("trackbatch", name, "Succeeded", seconds=240)["status"]["tracks"]
    stored = [track["_id"] for track in system.stored(name)]
    assert len(stored) == len(set(stored)) == tracks["stored"] >= 20
    assert tracks["listed"] == tracks["stored"] + tracks["rejected"]
    system.kubectl.delete("trackbatch", name)


def test_a_training_run_outlives_its_driver(system: System) -> None:
    name = unique("driver")
    system.kubectl.apply(track_batch(name, name), training_run(name, name, batches=[name]))
    driver = system.kubectl.running_pod(driver_labels(name), seconds=240)
    system.kubectl.delete("pod", driver, now=True)
    status = system.kubectl.wait("trainingrun", name, "Succeeded", seconds=300)["status"]
    assert len(status["attempts"]) == 2
    assert status["model"]["version"] == f"{name}:1"


def test_an_image_that_cannot_be_pulled_is_named_in_a_condition(system: System) -> None:
    name, image = unique("image"), "localhost/segue-jobs:no-such-tag"
    kubectl = system.kubectl
    deployment = kubectl.list("deployments", OPERATOR_LABELS)[0]["metadata"]["name"]
    kubectl.run("set", "env", f"deployment/{deployment}", f"SEGUE_JOBS_IMAGE={image}")
    try:
        kubectl.run("rollout", "status", f"deployment/{deployment}", "--timeout=90s")
        kubectl.apply(track_batch(name, name))

        def told() -> list[str]:
            conditions = (kubectl.get("trackbatch", name) or {}).get("status", {}).get("conditions", ())
            waiting = [item["message"] for item in conditions if item["reason"] == ConditionReason.POD_WAITING]
            return [message for message in waiting if image in message]

        assert "pull" in poll(told, what=f"condition that names {image}", seconds=60)[0].lower()
        kubectl.delete("trackbatch", name)
    finally:
        kubectl.run("rollout", "undo", f"deployment/{deployment}")
        kubectl.run("rollout", "status", f"deployment/{deployment}", "--timeout=90s")


def test_a_suspended_batch_runs_nothing_until_it_is_resumed(system: System) -> None:
    name = unique("later")
    system.kubectl.apply(track_batch(name, name, suspend=True))
    system.kubectl.wait("trackbatch", name, "Suspended")
    assert system.kubectl.pods(batch_labels(name)) == []
    system.kubectl.patch("trackbatch", name, {"spec": {"suspend": False}})
    tracks = system.kubectl.wait("trackbatch", name, "Succeeded")["status"]["tracks"]
    assert tracks["stored"] == tracks["extracted"] >= 20
