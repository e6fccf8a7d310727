"""What keeps a batch or a run from making progress, in the simulated cluster; and what its condition Stalled says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from segue_core.contract.termination import Summary
from segue_operator.kinds.objects import Key, Kind, Manifest
from segue_operator.reconcile.stall import PATIENCE_SECONDS, STARTING_SECONDS
from support.batches import EXTRACT, SINK, VERIFY, extracted, started
from support.manifests import track_batch, training_run
from support.simulated_cluster import START, SimulatedCluster

FIRST = "weekly-train-1"
NODE_GONE = START - timedelta(seconds=1)
Happen = Callable[[SimulatedCluster], None]


def stalled(cluster: SimulatedCluster) -> tuple[str, str, str]:
    """Status, reason and message of the condition Stalled."""
    return cluster.condition("Stalled")


def since(cluster: SimulatedCluster) -> datetime:
    """The condition's last transition."""
    conditions = cluster.resource["status"]["conditions"]
    told = next(condition for condition in conditions if condition["type"] == "Stalled")["lastTransitionTime"]
    return datetime.fromisoformat(told)


def live(cluster: SimulatedCluster, seconds: float) -> None:
    """Let time pass as the controller does: look whenever the plan asked to."""
    end = cluster.now + timedelta(seconds=seconds)
    for _ in range(200):
        delay = cluster.step().requeue_after_seconds
        left = (end - cluster.now).total_seconds()
        if delay is None or delay >= left:
            break
        cluster.pass_time(delay)
    cluster.now = end
    cluster.step()
    assert cluster.plan().is_empty, "looking again at the same time changes nothing"
    assert cluster.status_errors() == []


def foreign(name: str, kind: Kind = Kind.JOB) -> Happen:
    """Something else has the name."""

    def happen(cluster: SimulatedCluster) -> None:
        manifest = {"kind": str(kind), "metadata": {"name": name, "uid": "another"}, "spec": {}}
        cluster.objects[Key(kind, "default", name)] = manifest

    return happen


def refused(name: str, kind: Kind) -> Happen:
    """The API server refuses the child."""

    def happen(cluster: SimulatedCluster) -> None:
        cluster.problems[Key(kind, "default", name)] = "exceeded quota: pods"

    return happen


def waiting(child: str, reason: str = "ImagePullBackOff", **labels: str) -> Happen:
    """A pod of the child does not start, and says why."""
    return lambda cluster: cluster.add_waiting_pod(child, reason, "no such image", **labels)


def pending(child: str, **labels: str) -> Happen:
    """A pod of the child does not start, and does not say why."""
    return lambda cluster: cluster.add_pending_pod(child, **labels)


def lost(child: str, **labels: str) -> Happen:
    """The node of the child's pod stops reporting."""
    return lambda cluster: cluster.add_running_pod(child, lost_since=NODE_GONE, **labels)


def running(child: str, **labels: str) -> Happen:
    """A pod of the child runs."""
    return lambda cluster: cluster.add_running_pod(child, **labels)


def failed(child: str) -> Happen:
    """A pod of the child fails."""
    return lambda cluster: cluster.end_pod(child, 1, Summary(error="Kafka does not answer"))


def unschedulable(child: str, **labels: str) -> Happen:
    """A pod of the child finds no node."""

    def happen(cluster: SimulatedCluster) -> None:
        cluster.add_pending_pod(child, **labels)
        scheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "no room"}
        cluster.pods[-1]["status"]["conditions"] = [scheduled]

    return happen


def sink_ready(cluster: SimulatedCluster) -> None:
    """The sink is ready."""
    cluster.set_status(SINK, {"readyReplicas": 1})


def both(*happenings: Happen) -> Happen:
    """Several things happen."""

    def happen(cluster: SimulatedCluster) -> None:
        for one in happenings:
            one(cluster)

    return happen


NEW, EXTRACTED = (lambda: SimulatedCluster(track_batch())), extracted
NOW, KNOWN = "first seen", "told by the world"
BATCH_WAITS = {
    "a name is taken": (NEW, foreign(EXTRACT), "NameConflict", NOW, PATIENCE_SECONDS),
    "the name of a later child is taken": (started, foreign(VERIFY), "NameConflict", NOW, PATIENCE_SECONDS),
    "the Job is refused": (NEW, refused(EXTRACT, Kind.JOB), "ApplyFailed", NOW, PATIENCE_SECONDS),
    "the sink is refused": (NEW, refused(SINK, Kind.DEPLOYMENT), "ApplyFailed", NOW, PATIENCE_SECONDS),
    "no pod is made": (started, both(), "PodMissing", KNOWN, PATIENCE_SECONDS),
    "an image cannot be pulled": (started, waiting(EXTRACT), "PodWaiting", NOW, PATIENCE_SECONDS),
    "a volume or a Secret is missing": (
        started, waiting(EXTRACT, "CreateContainerConfigError"), "PodWaiting", NOW, PATIENCE_SECONDS,
    ),
    "no node has room": (started, unschedulable(EXTRACT), "PodWaiting", NOW, PATIENCE_SECONDS),
    "a pod takes long to start": (started, pending(EXTRACT), "PodPending", KNOWN, STARTING_SECONDS),
    "the node is gone": (started, lost(EXTRACT), "PodLost", KNOWN, PATIENCE_SECONDS),
    "the next try is put off": (started, failed(EXTRACT), "Retrying", KNOWN, PATIENCE_SECONDS),
    "no sink is ready": (EXTRACTED, running(VERIFY), "SinkNotReady", NOW, PATIENCE_SECONDS),
    "the folder is gone": (
        EXTRACTED, both(sink_ready, waiting(VERIFY, "CreateContainerConfigError")), "PodWaiting", NOW,
        PATIENCE_SECONDS,
    ),
    "the folder is gone and no sink is ready": (EXTRACTED, waiting(VERIFY), "PodWaiting", NOW, PATIENCE_SECONDS),
    "verify has no pod": (EXTRACTED, sink_ready, "PodMissing", KNOWN, PATIENCE_SECONDS),
    "verify will be tried again": (EXTRACTED, both(sink_ready, failed(VERIFY)), "Retrying", KNOWN, PATIENCE_SECONDS),
}  # fmt: skip


def run(**spec: Any) -> SimulatedCluster:
    """A training run before its first plan."""
    return SimulatedCluster(training_run(**spec))


def submitted(state: str = "SUBMITTED", error: str = "") -> Callable[[], SimulatedCluster]:
    """A training run whose application Spark reports in a state."""

    def make() -> SimulatedCluster:
        cluster = run()
        cluster.step()
        cluster.set_status(FIRST, {"applicationState": {"state": state, "errorMessage": error}})
        return cluster

    return make


def batch(status: str = "Unknown", *, is_stalled: bool = False) -> Happen:
    """The batch that a run waits for."""

    def happen(cluster: SimulatedCluster) -> None:
        manifest: Manifest = track_batch("songs")
        conditions = [
            {"type": "Succeeded", "status": status, "message": "m"},
            {"type": "Stalled", "status": "True" if is_stalled else "Unknown", "message": "waiting for a disk"},
        ]
        manifest["status"] = {"conditions": conditions}
        cluster.objects[Key.of(manifest)] = manifest

    return happen


def no_spark(cluster: SimulatedCluster) -> None:
    """The cluster does not serve Spark's kind."""
    cluster.missing_kinds = frozenset({Kind.SPARK_APPLICATION})


def later(cluster: SimulatedCluster) -> None:
    """An hour of work lies before what happens next."""
    cluster.pass_time(3600)
    cluster.step()


DRIVER, EXECUTOR = {"spark-role": "driver"}, {"spark-role": "executor"}
WORKING = running(FIRST, **DRIVER)
RUN_WAITS = {
    "a batch does not exist": (lambda: run(batches=["songs"]), both(), "BatchNotFound", NOW, PATIENCE_SECONDS),
    "a batch is stalled": (
        lambda: run(batches=["songs"]), batch(is_stalled=True), "BatchStalled", NOW, PATIENCE_SECONDS,
    ),
    "Spark's kind is missing": (run, no_spark, "SparkCRDMissing", NOW, PATIENCE_SECONDS),
    "a name is taken": (run, foreign(FIRST, Kind.SPARK_APPLICATION), "NameConflict", NOW, PATIENCE_SECONDS),
    "the application is refused": (
        run, refused(FIRST, Kind.SPARK_APPLICATION), "ApplyFailed", NOW, PATIENCE_SECONDS,
    ),
    "nobody takes the application": (submitted(""), both(), "SparkOperatorSilent", KNOWN, PATIENCE_SECONDS),
    "no driver is made": (submitted(), both(), "SparkOperatorSilent", KNOWN, PATIENCE_SECONDS),
    "the submission fails": (submitted("SUBMISSION_FAILED", "forbidden"), both(), "SubmissionFailed", NOW, 120),
    "the driver finds no node": (submitted(), unschedulable(FIRST, **DRIVER), "PodWaiting", NOW, PATIENCE_SECONDS),
    "the driver starts slowly": (submitted(), pending(FIRST, **DRIVER), "PodPending", KNOWN, STARTING_SECONDS),
    "the driver's node is gone": (submitted("RUNNING"), lost(FIRST, **DRIVER), "PodLost", KNOWN, PATIENCE_SECONDS),
    "no executor finds a node": (
        submitted("RUNNING"), both(WORKING, unschedulable(FIRST, **EXECUTOR)), "PodWaiting", NOW, PATIENCE_SECONDS,
    ),
    "executors start slowly": (
        submitted("RUNNING"), both(WORKING, pending(FIRST, **EXECUTOR)), "PodPending", KNOWN, STARTING_SECONDS,
    ),
    "the end of the driver is not noticed": (
        submitted("RUNNING"), lambda c: c.end_pod(FIRST, 0, **DRIVER), "SparkOperatorSilent", KNOWN, PATIENCE_SECONDS,
    ),
    "a running application has no driver": (
        submitted("RUNNING"), both(), "SparkOperatorSilent", NOW, PATIENCE_SECONDS,
    ),
    "a state that nobody knows": (submitted("TELEPORTING"), both(), "UnknownState", NOW, PATIENCE_SECONDS),
    "Spark's kind vanishes later": (
        submitted("RUNNING"), both(WORKING, later, no_spark), "SparkCRDMissing", NOW, PATIENCE_SECONDS,
    ),
}  # fmt: skip
