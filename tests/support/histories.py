"""What may happen to a resource and its children in the simulated cluster, drawn by hypothesis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from segue_core.contract import ExtractSummary, TrainSummary, VerifySummary
from segue_core.contract.termination import Summary
from segue_operator.children.sink_deployment import SINK_NAME
from segue_operator.kinds.objects import Key, Kind
from support.manifests import track_batch, training_run
from support.simulated_cluster import SimulatedCluster

Draw = Callable[[st.SearchStrategy[Any]], Any]


def specs_of_batches() -> st.SearchStrategy[dict[str, Any]]:
    """Specs of TrackBatches."""
    return st.fixed_dictionaries(
        {"extraction": st.sampled_from([{}, {"shards": 3, "parallelism": 2}]), "suspend": st.booleans()},
        optional={
            "activeDeadlineSeconds": st.just(100),
            "ttlSecondsAfterFinished": st.sampled_from([0, 50]),
            "maxRejectedPercent": st.sampled_from([0, 50]),
            "sink": st.just({"keepRunning": True}),
        },
    )


def specs_of_runs() -> st.SearchStrategy[dict[str, Any]]:
    """Specs of TrainingRuns."""
    return st.fixed_dictionaries(
        {"backoffLimit": st.integers(0, 2), "suspend": st.booleans()},
        optional={
            "activeDeadlineSeconds": st.just(100),
            "pendingDeadlineSeconds": st.just(50),
            "ttlSecondsAfterFinished": st.sampled_from([0, 50]),
            "batches": st.just(["songs"]),
        },
    )


def manifests() -> st.SearchStrategy[dict[str, Any]]:
    """A resource of either kind."""
    batches = specs_of_batches().map(lambda spec: track_batch("a" * 40, **spec))
    runs = specs_of_runs().map(lambda spec: training_run("a" * 40, **spec))
    return st.one_of(batches, runs)


def pass_time(cluster: SimulatedCluster, draw: Draw) -> None:
    cluster.pass_time(draw(st.sampled_from([0.5, 10, 60, 200])))


def toggle_suspend(cluster: SimulatedCluster, _draw: Draw) -> None:
    cluster.change_spec(suspend=not cluster.resource["spec"]["suspend"])


def lose_child(cluster: SimulatedCluster, draw: Draw) -> None:
    owned = [key for key in cluster.objects if key.kind != Kind.TRACK_BATCH]
    if owned:
        del cluster.objects[draw(st.sampled_from(sorted(owned)))]


def take_over_child(cluster: SimulatedCluster, draw: Draw) -> None:
    owned = [key for key in cluster.objects if key.kind != Kind.TRACK_BATCH]
    if owned:
        child = cluster.objects[draw(st.sampled_from(sorted(owned)))]
        child["metadata"]["ownerReferences"] = [{"uid": "another", "controller": True}]


def refuse_child(cluster: SimulatedCluster, draw: Draw) -> None:
    kind = draw(st.sampled_from([Kind.JOB, Kind.DEPLOYMENT, Kind.SPARK_APPLICATION]))
    name = cluster.resource["metadata"]["name"]
    child = {Kind.JOB: f"{name}-extract", Kind.DEPLOYMENT: SINK_NAME, Kind.SPARK_APPLICATION: f"{name}-train-1"}[kind]
    cluster.problems[Key(kind, "default", child)] = draw(st.sampled_from(["no", "x" * 3000]))


def end_namespace(cluster: SimulatedCluster, _draw: Draw) -> None:
    cluster.is_namespace_terminating = True


def lose_pods(cluster: SimulatedCluster, _draw: Draw) -> None:
    cluster.pods.clear()


def toggle_spark(cluster: SimulatedCluster, _draw: Draw) -> None:
    kind = Kind.SPARK_APPLICATION
    cluster.missing_kinds = cluster.missing_kinds ^ {kind}
    if kind in cluster.missing_kinds:
        cluster.objects = {key: child for key, child in cluster.objects.items() if key.kind != kind}


def batch_appears(cluster: SimulatedCluster, draw: Draw) -> None:
    manifest = track_batch("songs")
    status = draw(st.sampled_from(["Unknown", "True", "False"]))
    manifest["status"] = {"conditions": [{"type": "Succeeded", "status": status, "message": "m"}]}
    cluster.objects[Key.of(manifest)] = manifest


def child_moves_on(cluster: SimulatedCluster, draw: Draw) -> None:
    mine = [key for key in cluster.objects if key.kind != Kind.TRACK_BATCH]
    if not mine:
        return
    key = draw(st.sampled_from(sorted(mine)))
    if key.kind == Kind.JOB:
        job_moves_on(cluster, key, draw)
    elif key.kind == Kind.DEPLOYMENT:
        cluster.set_status(key.name, {"readyReplicas": draw(st.integers(0, 1))})
    else:
        application_moves_on(cluster, key, draw)


def job_moves_on(cluster: SimulatedCluster, key: Key, draw: Draw) -> None:
    summary: Summary | str
    if "extract" in key.name:
        summary = draw(
            st.sampled_from(
                ["", "text\nof a log", Summary(error="e" * 3000), ExtractSummary(shard=1, listed=5, extracted=5)]
            )
        )
    else:
        summary = draw(
            st.sampled_from(
                [
                    "",
                    Summary(error="broken"),
                    VerifySummary(),
                    VerifySummary(listed=10, stored=10),
                    VerifySummary(listed=10, stored=7, rejected=3, rejected_by_reason={"Silent": 3}),
                    VerifySummary(listed=10, stored=7, missing=3, first_missing=["x" * 200] * 20),
                ]
            )
        )
    index = draw(st.sampled_from([None, 0, 1]))
    cluster.end_pod(key.name, draw(st.sampled_from([0, 1, 2, 3, 137])), summary, index=index)
    outcome = draw(st.sampled_from(["running", "complete", "PodFailurePolicy", "FailedIndexes", "DeadlineExceeded"]))
    if outcome == "complete":
        cluster.end_job(key.name, "Complete", succeeded=1)
    elif outcome != "running":
        cluster.end_job(key.name, "Failed", outcome, failedIndexes="1,3-5" if outcome == "FailedIndexes" else None)


def application_moves_on(cluster: SimulatedCluster, key: Key, draw: Draw) -> None:
    summary = draw(st.sampled_from(["", Summary(error="e"), TrainSummary(model="music:1", k=8, metrics={"a": "1"})]))
    role = draw(st.sampled_from(["driver", "executor"]))
    cluster.end_pod(key.name, draw(st.sampled_from([0, 1, 2])), summary, **{"spark-role": role})
    state = draw(st.sampled_from(["", "SUBMITTED", "RUNNING", "FAILED", "FAILED", "COMPLETED", "SUSPENDED", "NEW"]))
    cluster.set_status(key.name, {"applicationState": {"state": state, "errorMessage": "x" * 2000}})


def pod_is_hindered(cluster: SimulatedCluster, draw: Draw) -> None:
    mine = sorted(key for key in cluster.objects if key.kind != Kind.TRACK_BATCH)
    if not mine:
        return
    name = draw(st.sampled_from(mine)).name
    match draw(st.sampled_from(["waiting", "pending", "running", "lost"])):
        case "waiting":
            reason = draw(st.sampled_from(["ImagePullBackOff", "CrashLoopBackOff"]))
            cluster.add_waiting_pod(name, reason, draw(st.sampled_from(["", "x" * 2000])))
        case "pending":
            cluster.add_pending_pod(name)
        case "running":
            cluster.add_running_pod(name)
        case _:
            cluster.add_running_pod(name, lost_since=cluster.now)


HAPPENINGS = [pass_time, toggle_suspend, lose_child, take_over_child, refuse_child, end_namespace, lose_pods,
              toggle_spark, batch_appears, pod_is_hindered, pod_is_hindered, child_moves_on, child_moves_on,
              child_moves_on, child_moves_on]  # fmt: skip


def end_child(cluster: SimulatedCluster, key: Key, draw: Draw, *, is_well: bool) -> None:
    """Let a child come to its end, one way or the other; a sink becomes ready."""
    if key.kind == Kind.DEPLOYMENT:
        cluster.set_status(key.name, {"readyReplicas": 1})
    elif key.kind == Kind.SPARK_APPLICATION:
        summary = TrainSummary(model="music:1", k=8) if is_well else Summary(error="e")
        cluster.end_pod(key.name, 0 if is_well else 1, summary, **{"spark-role": "driver"})
        cluster.set_status(key.name, {"applicationState": {"state": "COMPLETED" if is_well else "FAILED"}})
    elif is_well:
        is_extract = key.name.endswith("-extract")
        done = ExtractSummary(shard=0, listed=10, extracted=10) if is_extract else VerifySummary(listed=10, stored=10)
        cluster.end_pod(key.name, 0, done, index=0 if is_extract else None)
        cluster.end_job(key.name, "Complete", succeeded=1)
    else:
        cluster.end_job(key.name, "Failed", draw(st.sampled_from(["PodFailurePolicy", "BackoffLimitExceeded"])))
