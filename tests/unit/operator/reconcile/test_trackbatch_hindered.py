"""What stops a TrackBatch for a while or for good: suspension, foreign children, pods that cannot start."""

from __future__ import annotations

from typing import Any

import pytest

from segue_core.contract.times import timestamp
from segue_operator.kinds.objects import Key, Kind
from segue_operator.reconcile.plans import Plan
from support.batches import EXTRACT, SINK, VERIFY, extracted, names, started
from support.manifests import track_batch
from support.simulated_cluster import START, SimulatedCluster

# ---------------------------------------------------------------------------------------------------------- suspend


def test_a_batch_that_is_born_suspended_makes_nothing() -> None:
    cluster = started(suspend=True)
    assert names(cluster) == set()
    assert cluster.condition("Suspended")[:2] == ("True", "SuspendRequested")
    assert "startTime" not in cluster.resource["status"]
    cluster.change_spec(suspend=False)
    cluster.step()
    assert names(cluster) == {EXTRACT, SINK}
    assert cluster.condition("Suspended")[:2] == ("False", "Resumed")


def test_suspension_stops_the_children_and_resumption_starts_them() -> None:
    cluster = started()
    for suspend in (True, False):
        cluster.change_spec(suspend=suspend)
        cluster.step()
        assert cluster.objects[Key(Kind.JOB, "default", EXTRACT)]["spec"]["suspend"] is suspend
        assert (SINK in names(cluster)) is not suspend
        assert cluster.plan().is_empty


def test_a_suspended_batch_makes_no_verify_job() -> None:
    cluster = started()
    cluster.change_spec(suspend=True)
    cluster.end_job(EXTRACT, "Complete")
    cluster.step()
    assert VERIFY not in names(cluster)


# ------------------------------------------------------------------------------------------------ what hinders a batch


def foreign(kind: Kind, name: str) -> tuple[Key, dict[str, Any]]:
    key = Key(kind, "default", name)
    return key, {"kind": str(kind), "metadata": {"name": name, "uid": "x"}, "spec": {}}


@pytest.mark.parametrize(("kind", "name"), [(Kind.JOB, EXTRACT), (Kind.DEPLOYMENT, SINK), (Kind.JOB, VERIFY)])
def test_a_child_of_another_is_never_touched(kind: Kind, name: str) -> None:
    cluster = SimulatedCluster(track_batch())
    key, other = foreign(kind, name)
    cluster.objects[key] = other
    planned = cluster.step()
    assert not (planned.create)
    assert not (planned.apply)
    assert not (planned.delete)
    assert planned.requeue_after_seconds == 30
    status, reason, message = cluster.condition("Succeeded")
    assert (status, reason) == ("Unknown", "NameConflict")
    assert f"{kind} {name} exists and belongs to something else" in message
    assert cluster.phase == "Blocked"


def test_a_refused_child_is_a_condition_with_the_servers_message() -> None:
    cluster = SimulatedCluster(track_batch())
    cluster.problems[Key(Kind.DEPLOYMENT, "default", SINK)] = "exceeded quota: pods"
    cluster.step()
    assert cluster.condition("SinkReady")[1:] == ("ApplyFailed", "exceeded quota: pods")
    assert cluster.condition("Succeeded")[1:] == (
        "ApplyFailed", "Deployment segue-sink was refused: exceeded quota: pods",
    )  # fmt: skip


def test_in_a_namespace_that_is_being_deleted_only_jobs_are_deleted() -> None:
    cluster = started()
    cluster.end_pod(EXTRACT, 1, index=0)
    cluster.is_namespace_terminating = True
    assert cluster.step() == Plan(delete=(Key(Kind.JOB, "default", EXTRACT),))
    assert cluster.plan() == Plan(), "what is gone is not made again"


def test_a_finished_job_does_not_hold_up_the_namespace() -> None:
    cluster = extracted()
    cluster.is_namespace_terminating = True
    assert cluster.step() == Plan(delete=(Key(Kind.JOB, "default", VERIFY),))
    assert names(cluster) == {EXTRACT, SINK}


def test_a_job_of_another_is_not_deleted_with_the_namespace() -> None:
    cluster = SimulatedCluster(track_batch())
    key, other = foreign(Kind.JOB, EXTRACT)
    cluster.objects[key] = other
    cluster.is_namespace_terminating = True
    assert cluster.plan() == Plan()


def test_a_pod_that_cannot_start_is_reported_once() -> None:
    cluster = started()
    cluster.add_waiting_pod(EXTRACT, "ImagePullBackOff", "no such image")
    cluster.step()
    assert "does not start: ImagePullBackOff: no such image" in cluster.condition("Succeeded")[2]
    assert cluster.plan().is_empty
    assert [event.reason for event in cluster.events] == ["Extracting", "PodWaiting"]


def test_a_pod_that_cannot_start_is_reported_once_though_the_kubelet_alternates_between_reasons() -> None:
    cluster = started()
    cluster.add_waiting_pod(EXTRACT, "ErrImagePull", "no such image")
    for reason in ("ErrImagePull", "ImagePullBackOff", "ErrImagePull"):
        cluster.pods[-1]["status"]["containerStatuses"][1]["state"]["waiting"]["reason"] = reason
        cluster.step()
    assert [event.reason for event in cluster.events] == ["Extracting", "PodWaiting"]


@pytest.mark.parametrize("kind", ["suspension", "conflict"])
def test_a_pod_that_cannot_start_is_not_reported_while_something_else_is(kind: str) -> None:
    cluster = started()
    cluster.add_waiting_pod(EXTRACT, "ImagePullBackOff", "no such image")
    if kind == "suspension":
        cluster.change_spec(suspend=True)
    else:
        key, other = foreign(Kind.JOB, VERIFY)
        cluster.objects[key] = other
    cluster.step()
    assert cluster.plan().is_empty


def test_a_missing_claim_is_named() -> None:
    cluster = started()
    cluster.end_pod(EXTRACT, 0)
    cluster.pods[-1]["status"] = {
        "conditions": [
            {"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
             "message": 'persistentvolumeclaim "fma" not found'}
        ]
    }  # fmt: skip
    cluster.step()
    assert 'Unschedulable: persistentvolumeclaim "fma" not found' in cluster.condition("Succeeded")[2]


def test_the_sinks_readiness_is_reported() -> None:
    cluster = started()
    assert cluster.condition("SinkReady")[:2] == ("False", "Progressing")
    cluster.set_status(SINK, {"readyReplicas": 1})
    cluster.step()
    assert cluster.condition("SinkReady")[:2] == ("True", "MinimumReplicasAvailable")


def test_a_batch_that_is_being_deleted_gets_an_empty_plan() -> None:
    cluster = SimulatedCluster(track_batch())
    cluster.resource["metadata"]["deletionTimestamp"] = timestamp(START)
    assert cluster.plan().is_empty


def test_a_spec_that_slipped_past_the_rules_fails_once() -> None:
    cluster = started()
    cluster.resource["spec"]["source"]["audioPath"] = "../etc"
    planned = cluster.step()
    assert not (planned.create)
    assert not (planned.apply)
    assert not (planned.delete)
    assert cluster.condition("Failed")[1] == "InvalidSpec"
    assert "spec.source.audioPath: must be a relative path inside the volume" in cluster.condition("Failed")[2]
    assert cluster.plan().is_empty
    assert cluster.status_errors() == []


def test_what_keeps_the_sink_from_running_is_told() -> None:
    cluster = started()
    quota = {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota"}
    cluster.set_status(SINK, {"conditions": [quota]})
    cluster.step()
    assert cluster.condition("SinkReady") == ("False", "Progressing", "exceeded quota")
    cluster.add_waiting_pod(SINK, "ErrImagePull", "no such image")
    cluster.step()
    assert cluster.condition("SinkReady")[1] == "PodWaiting"
    assert "ErrImagePull: no such image" in cluster.condition("Succeeded")[2]


def test_a_job_that_makes_no_pod_is_named_after_a_while() -> None:
    cluster = started()
    assert cluster.step().requeue_after_seconds == 30
    cluster.pass_time(30)
    cluster.step()
    assert cluster.condition("Succeeded")[2] == (
        "Job songs-extract has created no pod for 30 s: kubectl describe job songs-extract shows why; "
        "0 of 1 shards are done"
    )
    cluster.add_waiting_pod(EXTRACT, "ImagePullBackOff", "no such image")
    cluster.step()
    assert "has made no pod" not in cluster.condition("Succeeded")[2]


def test_a_suspended_job_may_be_without_a_pod() -> None:
    cluster = started()
    cluster.change_spec(suspend=True)
    cluster.step()
    cluster.pass_time(60)
    cluster.step()
    assert "no pod" not in cluster.condition("Succeeded")[2]
