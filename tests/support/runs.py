"""A TrainingRun in the states that tests begin with, in the simulated cluster."""

from __future__ import annotations

from typing import Any

from segue_core.contract import TrainSummary
from segue_core.contract.termination import Summary
from segue_core.contract.times import timestamp
from segue_operator.kinds.objects import Key
from support.manifests import track_batch, training_run
from support.simulated_cluster import SimulatedCluster

FIRST, SECOND, THIRD = "weekly-train-1", "weekly-train-2", "weekly-train-3"
PUBLISHED = TrainSummary(
    tracks=90, excluded=10, model="music:3", k=16, metrics={"precision": "0.41"}, promoted=True, decision="no worse"
)


def started(**spec: Any) -> SimulatedCluster:
    """A run whose first application is made."""
    cluster = SimulatedCluster(training_run(**spec))
    cluster.step()
    return cluster


def to_state(cluster: SimulatedCluster, name: str, state: str, error: str = "") -> None:
    """Let Spark report a state of an application."""
    cluster.set_status(name, {"applicationState": {"state": state, "errorMessage": error}})
    cluster.step()


def fail(cluster: SimulatedCluster, name: str, exit_code: int | None = 1, error: str = "boom") -> None:
    """Let an attempt fail; without an exit code there is no driver pod."""
    if exit_code is not None:
        cluster.end_pod(name, exit_code, Summary(error=error), **{"spark-role": "driver"})
    to_state(cluster, name, "FAILED", "driver container failed")


def publish(cluster: SimulatedCluster, name: str = FIRST, summary: TrainSummary = PUBLISHED) -> None:
    """Let an attempt publish its model."""
    cluster.end_pod(name, 0, summary, **{"spark-role": "driver"})
    to_state(cluster, name, "COMPLETED")


def trained(**spec: Any) -> SimulatedCluster:
    """A run that has published music:3, trained on 90 tracks."""
    cluster = started(**spec)
    publish(cluster)
    cluster.pass_time(60)
    cluster.step()
    cluster.events.clear()
    return cluster


def ingested(cluster: SimulatedCluster, name: str, *, catalogue: str = "music", **tracks: int) -> None:
    """A batch has finished: so many tracks were added, removed, changed."""
    manifest = track_batch(name, catalogue=catalogue)
    manifest["status"] = {
        "completionTime": timestamp(cluster.now),
        "conditions": [{"type": "Succeeded", "status": "True", "reason": "Completed"}],
        "tracks": tracks,
    }
    cluster.batches = (*cluster.batches, manifest)


def batch(name: str, succeeded: str = "Unknown", catalogue: str = "music") -> tuple[Key, dict[str, Any]]:
    """A TrackBatch that runs may wait for."""
    manifest = track_batch(name, catalogue=catalogue)
    conditions = [
        {"type": "Failed", "status": "True" if succeeded == "False" else "False"},
        {"type": "Succeeded", "status": succeeded, "message": "2 tracks are missing"},
    ]
    manifest["status"] = {"conditions": conditions}
    return Key.of(manifest), manifest
