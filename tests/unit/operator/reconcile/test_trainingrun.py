"""Plans of a TrainingRun, step by step."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from segue_jobs.contract import TrainSummary
from segue_jobs.summary import Summary
from segue_operator.api.conditions import timestamp
from segue_operator.api.constants import AttemptState
from segue_operator.api.objects import Key, Kind
from segue_operator.reconcile.model import Plan
from segue_operator.reconcile.spark_state import attempt_state
from support.manifests import track_batch, training_run
from support.simulated_cluster import START, SimulatedCluster

FIRST, SECOND, THIRD = "weekly-train-1", "weekly-train-2", "weekly-train-3"
PUBLISHED = TrainSummary(
    tracks=90, excluded=10, model="music:3", k=16, metrics={"precision": "0.41"}, promoted=True, decision="no worse"
)


def started(**spec: Any) -> SimulatedCluster:
    cluster = SimulatedCluster(training_run(**spec))
    cluster.step()
    return cluster


def to_state(cluster: SimulatedCluster, name: str, state: str, error: str = "") -> None:
    cluster.set_status(name, {"applicationState": {"state": state, "errorMessage": error}})
    cluster.step()


def fail(cluster: SimulatedCluster, name: str, exit_code: int | None = 1, error: str = "boom") -> None:
    if exit_code is not None:
        cluster.end_pod(name, exit_code, Summary(error=error), **{"spark-role": "driver"})
    to_state(cluster, name, "FAILED", "driver container failed")


def batch(name: str, succeeded: str = "Unknown", catalogue: str = "music") -> tuple[Key, dict[str, Any]]:
    manifest = track_batch(name, catalogue=catalogue)
    conditions = [
        {"type": "Failed", "status": "True" if succeeded == "False" else "False"},
        {"type": "Succeeded", "status": succeeded, "message": "2 tracks are missing"},
    ]
    manifest["status"] = {"conditions": conditions}
    return Key.of(manifest), manifest


# -------------------------------------------------------------------------------------------------------- happy path


def test_a_run_goes_from_submitted_over_running_to_a_published_model() -> None:
    cluster = started()
    assert cluster.condition("Succeeded")[1] == "Submitted"
    assert [condition["type"] for condition in cluster.resource["status"]["conditions"]] == [
        "Succeeded", "Failed", "Suspended", "InputReady", "ModelPublished",
    ]  # fmt: skip
    to_state(cluster, FIRST, "RUNNING")
    assert cluster.phase == "Running"
    cluster.end_pod(FIRST, 0, PUBLISHED, **{"spark-role": "driver"})
    to_state(cluster, FIRST, "COMPLETED")
    status = cluster.resource["status"]
    assert cluster.condition("Succeeded") == ("True", "Completed", "model music:3 with 16 clusters over 90 tracks")
    assert cluster.condition("ModelPublished") == ("True", "Published", "no worse")
    assert status["model"] == {
        "version": "music:3", "k": 16, "tracks": 90, "excluded": 10, "metrics": {"precision": "0.41"},
    }  # fmt: skip
    assert status["decision"] == {"promoted": True, "reason": "no worse"}
    assert status["attempts"] == [{"number": 1, "application": FIRST, "state": "Completed"}]
    assert [event.reason for event in cluster.events] == ["Submitted", "Running", "Completed"]
    assert cluster.status_errors() == []
    assert cluster.plan().is_empty


def test_a_driver_pod_that_is_gone_does_not_undo_success() -> None:
    cluster = started()
    to_state(cluster, FIRST, "COMPLETED")
    assert cluster.condition("Succeeded")[0] == "True"
    assert cluster.condition("ModelPublished")[:2] == ("Unknown", "SummaryLost")


def test_executors_are_no_drivers() -> None:
    cluster = started()
    cluster.end_pod(FIRST, 2, Summary(error="an executor's word"), **{"spark-role": "executor"})
    to_state(cluster, FIRST, "FAILED", "driver lost")
    assert cluster.condition("Succeeded")[1] == "Retrying"


def test_a_finished_application_may_vanish() -> None:
    cluster = started()
    to_state(cluster, FIRST, "COMPLETED")
    cluster.objects.clear()
    assert cluster.plan().is_empty


# ----------------------------------------------------------------------------------------------------------- states


@pytest.mark.parametrize(
    ("raw", "state"),
    [("", "Pending"), ("SUBMITTED", "Submitted"), ("SUBMISSION_FAILED", "Submitted"), ("PENDING_RERUN", "Submitted"),
     ("INVALIDATING", "Submitted"), ("RESUMING", "Submitted"), ("RUNNING", "Running"), ("SUCCEEDING", "Running"),
     ("FAILING", "Running"), ("SUSPENDING", "Suspended"), ("SUSPENDED", "Suspended"), ("COMPLETED", "Completed"),
     ("FAILED", "Failed"), ("UNKNOWN", "Unknown"), ("TELEPORTING", "Unknown"), ("running", "Unknown")],
)  # fmt: skip
def test_spark_states_in_our_words(raw: str, state: str) -> None:
    assert attempt_state(raw) == state


def test_completed_and_failed_alone_are_final() -> None:
    assert {state for state in AttemptState if state.is_finished} == {AttemptState.COMPLETED, AttemptState.FAILED}


def test_an_unknown_state_is_told_raw() -> None:
    cluster = started()
    to_state(cluster, FIRST, "TELEPORTING")
    assert cluster.condition("Succeeded") == (
        "Unknown", "UnknownState", "SparkApplication weekly-train-1 is in state 'TELEPORTING'",
    )  # fmt: skip


# ---------------------------------------------------------------------------------------------------------- retries


def test_failed_attempts_are_followed_by_new_names_until_the_limit() -> None:
    cluster = started(backoffLimit=2)
    fail(cluster, FIRST, error="first")
    assert cluster.condition("Succeeded")[1:] == ("Retrying", "attempt 2 follows a failed one: first")
    fail(cluster, SECOND, error="second")
    assert cluster.child(THIRD) is not None
    fail(cluster, THIRD, error="third")
    assert cluster.condition("Failed") == (
        "True", "BackoffLimitExceeded", "attempt 3 failed and backoffLimit is 2: third",
    )  # fmt: skip
    attempts = cluster.resource["status"]["attempts"]
    assert [(a["number"], a["state"], a["message"]) for a in attempts] == [
        (1, "Failed", "first"), (2, "Failed", "second"), (3, "Failed", "third"),
    ]  # fmt: skip
    assert [event.reason for event in cluster.events] == ["Submitted", "Retrying", "Retrying", "BackoffLimitExceeded"]
    assert cluster.plan().is_empty


@pytest.mark.parametrize("exit_code", [2, 3])
def test_configuration_and_hopeless_input_are_not_retried(exit_code: int) -> None:
    cluster = started()
    fail(cluster, FIRST, exit_code, "a catalogue with one track")
    assert cluster.condition("Failed") == ("True", "TrainingFailed", "a catalogue with one track")
    assert cluster.condition("ModelPublished")[:2] == ("False", "NoModel")
    assert cluster.child(SECOND) is None


def test_without_a_driver_pod_spark_s_word_is_taken() -> None:
    cluster = started(backoffLimit=0)
    fail(cluster, FIRST, exit_code=None)
    assert "driver container failed" in cluster.condition("Failed")[2]


def test_a_crash_between_the_next_attempt_and_the_status_changes_nothing() -> None:
    cluster = started()
    cluster.set_status(FIRST, {"applicationState": {"state": "FAILED"}})
    for manifest in cluster.plan().create:
        cluster.execute(type(cluster.plan())(create=(manifest,)))  # the status write is lost
    assert cluster.child(SECOND) is not None
    planned = cluster.step()
    assert planned.create == ()
    assert [attempt["number"] for attempt in cluster.resource["status"]["attempts"]] == [1, 2]


def test_failures_that_were_recorded_count_though_their_applications_are_gone() -> None:
    cluster = started(backoffLimit=1)
    fail(cluster, FIRST)
    cluster.objects = {key: child for key, child in cluster.objects.items() if key.name == SECOND}
    fail(cluster, SECOND)
    assert cluster.condition("Failed")[1] == "BackoffLimitExceeded"


# ------------------------------------------------------------------------------------------------------------ input


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


# ------------------------------------------------------------------------------------------- deadlines, suspend, end


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


def test_a_failure_during_a_pause_is_followed_after_it() -> None:
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


def test_a_finished_run_is_deleted_after_its_ttl() -> None:
    cluster = started(ttlSecondsAfterFinished=10)
    to_state(cluster, FIRST, "COMPLETED")
    assert cluster.resource["status"]["completionTime"] == timestamp(START)
    cluster.now = START + timedelta(seconds=10)
    cluster.step()
    assert cluster.is_gone


def test_in_a_namespace_that_is_being_deleted_a_run_does_nothing() -> None:
    cluster = SimulatedCluster(training_run())
    cluster.is_namespace_terminating = True
    assert cluster.plan() == Plan()
