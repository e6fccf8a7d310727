"""What holds for every plan, whatever has happened before: on random histories of a simulated cluster."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from segue_jobs.contract import ExtractSummary, TrainSummary, VerifySummary
from segue_jobs.summary import Summary
from segue_operator.api.conditions import timestamp
from segue_operator.api.objects import Key, Kind
from segue_operator.children.metadata import controller_uid
from segue_operator.reconcile.model import Plan
from support.manifests import track_batch, training_run
from support.simulated_cluster import SimulatedCluster

Draw = Callable[[st.SearchStrategy[Any]], Any]


def specs_of_batches() -> st.SearchStrategy[dict[str, Any]]:
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
    batches = specs_of_batches().map(lambda spec: track_batch("a" * 40, **spec))
    runs = specs_of_runs().map(lambda spec: training_run("a" * 40, **spec))
    return st.one_of(batches, runs)


# ------------------------------------------------------------------------------------------------ what may happen


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
    suffix = {Kind.JOB: "extract", Kind.DEPLOYMENT: "sink", Kind.SPARK_APPLICATION: "train-1"}[kind]
    cluster.problems[Key(kind, "default", f"{name}-{suffix}")] = draw(st.sampled_from(["no", "x" * 3000]))


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


HAPPENINGS = [pass_time, toggle_suspend, lose_child, take_over_child, refuse_child, end_namespace, lose_pods,
              toggle_spark, batch_appears, child_moves_on, child_moves_on, child_moves_on, child_moves_on]  # fmt: skip


# -------------------------------------------------------------------------------------------------------- the rules


def verdict(cluster: SimulatedCluster) -> str:
    return cluster.condition("Succeeded")[0] if "status" in cluster.resource else "Unknown"


def check_ownership(before: SimulatedCluster, planned: Plan) -> None:
    uid = before.resource["metadata"]["uid"]
    for key in planned.delete:
        assert key == Key.of(before.resource) or controller_uid(before.objects[key]) == uid
    for manifest in planned.apply:
        seen = before.objects.get(Key.of(manifest))
        assert seen is None or controller_uid(seen) == uid
    for manifest in planned.create:
        assert Key.of(manifest) not in before.objects
        assert controller_uid(manifest) == uid


def check_namespace(before: SimulatedCluster, planned: Plan) -> None:
    if before.is_namespace_terminating:
        assert planned.create == planned.apply == planned.events == ()


def check_suspension(before: SimulatedCluster, planned: Plan) -> None:
    if before.resource["spec"]["suspend"]:
        assert planned.create == ()
        for manifest in planned.apply:
            assert manifest["spec"].get("suspend", True)
            assert manifest["spec"].get("replicas", 0) == 0


def check_end(ended: SimulatedCluster, planned: Plan) -> None:
    """Nothing begins anew; of what was made only a sink that is to be kept is kept as it should be."""
    assert not (planned.create)
    assert not (planned.events)
    is_kept = ended.resource["spec"].get("sink", {}).get("keepRunning", False)
    assert [manifest["kind"] for manifest in planned.apply] in ([], [Kind.DEPLOYMENT] if is_kept else [])


def without_sink(status: dict[str, Any]) -> dict[str, Any]:
    return status | {"conditions": [one for one in status["conditions"] if one["type"] != "SinkReady"]}


def settle(cluster: SimulatedCluster) -> None:
    """Plan and execute until there is nothing to do; a repeated verification takes a second pass."""
    for _ in range(4):
        before = copy.deepcopy(cluster)
        planned = cluster.step()
        check_ownership(before, planned)
        check_suspension(before, planned)
        check_namespace(before, planned)
        if cluster.is_gone:
            return
        assert cluster.status_errors() == []
        if planned.is_empty:
            return
        if verdict(before) != "Unknown":
            assert verdict(cluster) == verdict(before)
            check_end(before, planned)
    raise AssertionError("the plan does not converge")


@settings(max_examples=250, deadline=None)
@given(manifests(), st.data())
def test_any_history_converges_to_an_empty_plan_and_keeps_the_rules(
    manifest: dict[str, Any], data: st.DataObject
) -> None:
    cluster = SimulatedCluster(manifest)
    settle(cluster)
    for _ in range(data.draw(st.integers(0, 8))):
        if cluster.is_gone:
            break
        data.draw(st.sampled_from(HAPPENINGS))(cluster, data.draw)
        settle(cluster)


@settings(max_examples=60, deadline=None)
@given(manifests(), st.data())
def test_terminal_stays_terminal(manifest: dict[str, Any], data: st.DataObject) -> None:
    cluster = SimulatedCluster(manifest)
    settle(cluster)
    for _ in range(6):
        child_moves_on(cluster, data.draw)
        settle(cluster)
        if cluster.is_gone or verdict(cluster) != "Unknown":
            break
    if cluster.is_gone or verdict(cluster) == "Unknown":
        return
    cluster.resource["spec"].pop("ttlSecondsAfterFinished", None)
    before = copy.deepcopy(cluster.resource["status"])
    for happening in data.draw(st.lists(st.sampled_from([pass_time, child_moves_on, lose_child, lose_pods]))):
        happening(cluster, data.draw)
        check_end(cluster, cluster.step())
        assert without_sink(cluster.resource["status"]) == without_sink(before)


@given(manifests(), st.data())
def test_a_resource_that_is_being_deleted_plans_nothing(manifest: dict[str, Any], data: st.DataObject) -> None:
    cluster = SimulatedCluster(manifest)
    for _ in range(data.draw(st.integers(0, 2))):
        cluster.step()
        child_moves_on(cluster, data.draw)
    cluster.resource["metadata"]["deletionTimestamp"] = timestamp(cluster.now)
    assert cluster.plan() == Plan()


@given(manifests(), st.data())
def test_a_plan_is_a_function_of_what_it_is_given(manifest: dict[str, Any], data: st.DataObject) -> None:
    cluster = SimulatedCluster(manifest)
    for _ in range(data.draw(st.integers(0, 2))):
        cluster.step()
        child_moves_on(cluster, data.draw)
    seen, resource = cluster.observed(), copy.deepcopy(cluster.resource)
    assert cluster.plan() == cluster.plan()
    assert cluster.observed() == seen
    assert cluster.resource == resource
