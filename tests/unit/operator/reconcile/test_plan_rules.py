"""What holds for every plan, whatever has happened before: on random histories of a simulated cluster."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from segue_core.contract.times import timestamp
from segue_operator.children.metadata import controller_uid
from segue_operator.kinds.objects import Key, Kind
from segue_operator.reconcile.plans import Plan
from support.histories import (
    HAPPENINGS,
    Draw,
    child_moves_on,
    end_child,
    lose_child,
    lose_pods,
    manifests,
    pass_time,
    pod_is_hindered,
)
from support.manifests import track_batch
from support.simulated_cluster import SimulatedCluster


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
    """Nothing starts again; only a sink with `keepRunning` stays, and stays up to date."""
    assert not (planned.create)
    assert not (planned.events)
    is_kept = ended.resource["spec"].get("sink", {}).get("keepRunning", False)
    assert [manifest["kind"] for manifest in planned.apply] in ([], [Kind.DEPLOYMENT] if is_kept else [])


def check_stall(cluster: SimulatedCluster) -> None:
    """What is suspended or over is not stalled."""
    if "status" in cluster.resource and (cluster.resource["spec"]["suspend"] or verdict(cluster) != "Unknown"):
        assert cluster.condition("Stalled")[:2] == ("False", "NotStalled")


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
        if not cluster.is_namespace_terminating:
            check_stall(cluster)
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


def ended(manifest: dict[str, Any], draw: Draw) -> SimulatedCluster:
    """A cluster whose resource has got its verdict by what became of its children, and is kept."""
    manifest["spec"].pop("ttlSecondsAfterFinished", None)
    manifest["spec"]["suspend"] = False
    cluster = SimulatedCluster(manifest)
    songs = track_batch("songs") | {"status": {"conditions": [{"type": "Succeeded", "status": "True", "message": "m"}]}}
    cluster.objects[Key.of(songs)] = songs
    ends_well = draw(st.booleans())
    for _ in range(12):
        settle(cluster)
        if verdict(cluster) != "Unknown":
            return cluster
        cluster.pass_time(60)  # the pause before another attempt
        for key in sorted(key for key in cluster.objects if key.kind != Kind.TRACK_BATCH):
            end_child(cluster, key, draw, is_well=ends_well or draw(st.booleans()))
    raise AssertionError(f"no verdict: {cluster.condition('Succeeded')}")


@settings(max_examples=60, deadline=None)
@given(manifests(), st.data())
def test_terminal_stays_terminal(manifest: dict[str, Any], data: st.DataObject) -> None:
    cluster = ended(manifest, data.draw)
    event(f"{cluster.resource['kind']} ends with Succeeded={verdict(cluster)}")
    before = copy.deepcopy(cluster.resource["status"])
    happenings = st.sampled_from([pass_time, child_moves_on, pod_is_hindered, lose_child, lose_pods])
    for happening in data.draw(st.lists(happenings, min_size=1)):
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
