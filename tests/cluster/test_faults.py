"""Pods that die in mid-run: whatever is taken away, every track is accounted for in the end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from segue_operator.children.sink_deployment import SINK_PODS
from segue_operator.kinds.constants import Component, ConditionReason
from support.end_to_end import (
    BROKER_LABELS,
    OPERATOR_LABELS,
    RELEASE,
    REPOSITORY,
    System,
    batch_labels,
    driver_labels,
    helm,
    install,
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
    system.kubectl.delete("pod", system.kubectl.running_pod(SINK_PODS), now=True)


def lose_operator(system: System, batch: str) -> None:
    """As if its node died; the program that replaces it knows nothing but what the cluster holds."""
    system.kubectl.delete("pod", system.kubectl.running_pod(OPERATOR_LABELS), now=True)


def lose_broker(system: System, batch: str) -> None:
    """The only broker is away for half a minute; it comes back with its log."""
    system.kubectl.delete("pod", system.kubectl.running_pod(BROKER_LABELS), wait=False)


def drain(system: System, batch: str) -> None:
    """Every pod that works for the batch is evicted, as a drain of the node would."""
    for pod in (*system.kubectl.pods(batch_labels(batch), "Running"), *system.kubectl.pods(SINK_PODS, "Running")):
        system.kubectl.evict(pod)


def upgrade(system: System, batch: str) -> None:
    """The definitions are applied again, the release is upgraded and rolled back: operator and sink are replaced."""
    crds = f"--filename={REPOSITORY / 'charts' / 'segue' / 'files' / 'crds'}"
    system.kubectl.run("apply", "--server-side", "--force-conflicts", crds)
    install(system.kubectl, "--set", "segue.jobs.sink.resources.requests.cpu=90m")
    helm(system.kubectl, "rollback", RELEASE, "--wait", "--timeout=3m")


@pytest.mark.parametrize("fault", [lose_extract_pod, lose_sink_pod, lose_operator, lose_broker, drain, upgrade])
def test_a_batch_outlives(system: System, fault: Fault) -> None:
    name = unique("fault")
    system.kubectl.apply(track_batch(name, name, shards=4, parallelism=1))
    system.kubectl.running_pod(SINK_PODS)
    system.kubectl.running_pod(batch_labels(name, Component.EXTRACT))
    fault(system, name)
    system.assert_complete(system.kubectl.wait("trackbatch", name, "Succeeded", seconds=240))
    system.kubectl.delete("trackbatch", name)


def test_a_training_run_outlives_its_driver(system: System) -> None:
    name = unique("driver")
    system.kubectl.apply(track_batch(name, name), training_run(name, name, batches=[name]))
    driver = system.kubectl.running_pod(driver_labels(name), seconds=240)
    system.kubectl.delete("pod", driver, now=True)
    status = system.kubectl.wait("trainingrun", name, "Succeeded", seconds=300)["status"]
    assert len(status["attempts"]) == 2
    assert status["model"]["version"] == f"{name}:1"


def test_a_wrong_image_is_named_and_with_the_right_one_the_batch_can_be_made_again(system: System) -> None:
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
    finally:
        kubectl.run("rollout", "undo", f"deployment/{deployment}")
        kubectl.run("rollout", "status", f"deployment/{deployment}", "--timeout=90s")
    # At once, under the same name: what belongs to the first one is not all gone yet.
    kubectl.delete("trackbatch", name, wait=False)
    kubectl.apply(track_batch(name, name))
    tracks = kubectl.wait("trackbatch", name, "Succeeded")["status"]["tracks"]
    assert tracks["extracted"] == tracks["stored"] == len(system.stored(name)) >= 20


def test_a_quota_is_named_and_once_it_is_raised_the_batch_succeeds(system: System) -> None:
    name = unique("quota")
    kubectl = system.kubectl
    kubectl.run("create", "quota", name, "--hard=count/jobs.batch=0")
    try:
        kubectl.apply(track_batch(name, name))
        poll(lambda: "exceeded quota" in kubectl.conditions("trackbatch", name), what="the quota named", seconds=60)
        kubectl.patch("resourcequota", name, {"spec": {"hard": {"count/jobs.batch": "1k"}}})
        kubectl.wait("trackbatch", name, "Succeeded")
    finally:
        kubectl.delete("resourcequota", name)


def test_a_run_over_a_catalogue_without_tracks_fails_and_says_so(system: System) -> None:
    name = unique("nothing")
    system.kubectl.apply(training_run(name, name))
    status = system.kubectl.wait("trainingrun", name, "Failed", seconds=240)["status"]
    (failed,) = (item for item in status["conditions"] if item["type"] == "Failed")
    assert failed["reason"] == ConditionReason.TRAINING_FAILED
    assert name in failed["message"]
    assert len(status["attempts"]) == 1


def test_a_suspended_batch_runs_nothing_until_it_is_resumed(system: System) -> None:
    name = unique("later")
    system.kubectl.apply(track_batch(name, name, suspend=True))
    system.kubectl.wait("trackbatch", name, "Suspended")
    assert system.kubectl.pods(batch_labels(name)) == []
    system.kubectl.patch("trackbatch", name, {"spec": {"suspend": False}})
    tracks = system.kubectl.wait("trackbatch", name, "Succeeded")["status"]["tracks"]
    assert tracks["stored"] == tracks["extracted"] >= 20
