"""A TrainingRun that cannot go on: it waits for batches, is suspended, lacks Spark, or meets its deadline."""

from __future__ import annotations

from segue_operator.kinds.objects import Key, Kind
from segue_operator.reconcile.plans import Plan
from support.manifests import training_run
from support.runs import FIRST, SECOND, batch, fail, started, to_state
from support.simulated_cluster import SimulatedCluster


def test_a_run_waits_for_its_batches() -> None:
    cluster = started(batches=["songs", "more"])
    assert cluster.condition("InputReady") == ("False", "BatchNotFound", "TrackBatch songs does not exist yet")
    cluster.objects |= dict([batch("songs", "True"), batch("more")])
    cluster.step()
    assert cluster.condition("InputReady")[1:] == ("BatchNotFinished", "TrackBatch more has not finished yet")
    assert cluster.phase == "Pending"
    assert "startTime" not in cluster.resource["status"]
    cluster.objects |= dict([batch("more", "True")])
    cluster.step()
    assert cluster.condition("InputReady")[:2] == ("True", "BatchesComplete")
    assert cluster.child(FIRST) is not None


def test_a_batch_that_is_deleted_after_it_was_ready_does_not_matter() -> None:
    cluster = SimulatedCluster(training_run(batches=["songs"]))
    cluster.objects |= dict([batch("songs", "True")])
    cluster.step()
    del cluster.objects[Key(Kind.TRACK_BATCH, "default", "songs")]
    assert cluster.plan().is_empty


def test_a_failed_batch_fails_the_run_though_another_is_awaited() -> None:
    cluster = SimulatedCluster(training_run(batches=["absent", "songs"]))
    cluster.objects |= dict([batch("songs", "False")])
    cluster.step()
    assert cluster.condition("Failed") == (
        "True", "BatchIncomplete", "TrackBatch songs failed: 2 tracks are missing",
    )  # fmt: skip


def test_a_batch_of_another_catalogue_fails_the_run() -> None:
    cluster = SimulatedCluster(training_run(batches=["songs"]))
    cluster.objects |= dict([batch("songs", "True", catalogue="speech")])
    cluster.step()
    assert cluster.condition("Failed")[1:] == (
        "WrongCatalogue", "TrackBatch songs belongs to catalogue speech, not music: name another batch",
    )  # fmt: skip


def test_an_attempt_that_never_runs_ends_at_the_pending_deadline_with_its_reason() -> None:
    cluster = started(pendingDeadlineSeconds=60)
    to_state(cluster, FIRST, "SUBMITTED")
    cluster.add_waiting_pod(FIRST, "ErrImagePull", "no such image")
    cluster.pass_time(59)
    assert cluster.step().requeue_after_seconds == 1
    cluster.pass_time(1)
    cluster.step()
    status, reason, message = cluster.condition("Failed")
    assert (status, reason) == ("True", "PendingDeadlineExceeded")
    assert "ErrImagePull: no such image" in message
    assert cluster.child(FIRST) is None
    assert cluster.plan().is_empty


def test_the_pending_deadline_is_over_once_it_runs() -> None:
    cluster = started(pendingDeadlineSeconds=60)
    cluster.add_running_pod(FIRST, **{"spark-role": "driver"})
    to_state(cluster, FIRST, "RUNNING")
    cluster.pass_time(1000)
    assert cluster.plan().is_empty


def test_waiting_for_batches_is_not_pending() -> None:
    cluster = started(batches=["songs"], pendingDeadlineSeconds=60, activeDeadlineSeconds=90)
    cluster.pass_time(1000)
    cluster.objects |= dict([batch("songs", "True")])
    cluster.step()
    assert cluster.condition("Succeeded")[1] == "Submitted"
    cluster.pass_time(90)
    cluster.step()
    assert cluster.condition("Failed")[1] == "DeadlineExceeded"


def test_suspension_touches_nothing_but_the_field() -> None:
    cluster = started()
    cluster.change_spec(suspend=True)
    planned = cluster.step()
    assert [manifest["spec"] for manifest in planned.apply] == [{"suspend": True}]
    assert cluster.condition("Succeeded")[1] == "SuspendRequested"
    to_state(cluster, FIRST, "SUSPENDED")
    cluster.change_spec(suspend=False)
    assert [manifest["spec"] for manifest in cluster.step().apply] == [{"suspend": False}]
    assert cluster.plan().is_empty


def test_a_failure_while_suspended_is_retried_after_resuming() -> None:
    cluster = started()
    cluster.change_spec(suspend=True)
    cluster.step()
    fail(cluster, FIRST)
    assert cluster.child(SECOND) is None
    cluster.change_spec(suspend=False)
    cluster.step()
    assert cluster.child(SECOND) is not None


def test_without_the_spark_operator_the_run_waits() -> None:
    cluster = SimulatedCluster(training_run(pendingDeadlineSeconds=3600))
    cluster.missing_kinds = frozenset({Kind.SPARK_APPLICATION})
    planned = cluster.step()
    assert planned.create == ()
    assert planned.requeue_after_seconds == 60
    assert cluster.condition("Succeeded")[1:] == (
        "SparkCRDMissing", "the cluster has no SparkApplication kind: install the Spark operator",
    )  # fmt: skip
    cluster.missing_kinds = frozenset()
    cluster.step()
    assert cluster.child(FIRST) is not None


def test_an_application_of_another_is_not_touched() -> None:
    cluster = SimulatedCluster(training_run())
    key = Key(Kind.SPARK_APPLICATION, "default", FIRST)
    cluster.objects[key] = {"kind": "SparkApplication", "metadata": {"name": FIRST, "uid": "x"}, "spec": {}}
    planned = cluster.step()
    assert not (planned.create)
    assert not (planned.apply)
    assert not (planned.delete)
    assert cluster.condition("Succeeded")[1] == "NameConflict"


def test_a_refused_application_is_a_condition() -> None:
    cluster = SimulatedCluster(training_run())
    cluster.problems[Key(Kind.SPARK_APPLICATION, "default", FIRST)] = "admission webhook denied"
    cluster.step()
    assert cluster.condition("Succeeded")[1:] == (
        "ApplyFailed", "SparkApplication weekly-train-1 was refused: admission webhook denied",
    )  # fmt: skip


def test_in_a_namespace_that_is_being_deleted_a_run_does_nothing() -> None:
    cluster = SimulatedCluster(training_run())
    cluster.is_namespace_terminating = True
    assert cluster.plan() == Plan()
