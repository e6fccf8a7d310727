"""Plans of a TrainingRun, step by step."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from segue_core.contract.termination import Summary
from segue_core.contract.times import timestamp
from segue_operator.kinds.constants import AttemptState
from segue_operator.reconcile.spark_state import attempt_state
from support.runs import FIRST, PUBLISHED, SECOND, THIRD, fail, started, to_state
from support.simulated_cluster import START

# -------------------------------------------------------------------------------------------------------- happy path


def test_a_run_goes_from_submitted_to_running_to_a_published_model() -> None:
    cluster = started()
    assert cluster.condition("Succeeded")[1] == "Submitted"
    assert [condition["type"] for condition in cluster.resource["status"]["conditions"]] == [
        "Succeeded", "Failed", "Suspended", "InputReady", "ModelPublished", "Stalled",
    ]  # fmt: skip
    to_state(cluster, FIRST, "RUNNING")
    assert cluster.phase == "Running"
    cluster.end_pod(FIRST, 0, PUBLISHED, **{"spark-role": "driver"})
    to_state(cluster, FIRST, "COMPLETED")
    status = cluster.resource["status"]
    assert cluster.condition("Succeeded") == ("True", "Completed", "model music:3 with 16 clusters over 90 tracks")
    assert cluster.condition("ModelPublished") == ("True", "Published", "no worse")
    assert cluster.condition("ActiveModelWorse")[:2] == ("False", "ListsNotWorse")
    assert status["model"] == {
        "version": "music:3", "k": 16, "tracks": 90, "excluded": 10, "metrics": {"precision": "0.41"},
    }  # fmt: skip
    assert status["decision"] == {"promoted": True, "reason": "no worse"}
    assert status["attempts"] == [{"number": 1, "application": FIRST, "state": "Completed"}]
    assert [event.reason for event in cluster.events] == ["Submitted", "Running", "Completed"]
    assert cluster.status_errors() == []
    assert cluster.plan().is_empty


def test_an_active_model_that_has_become_worse_is_a_condition() -> None:
    cluster = started()
    cluster.end_pod(
        FIRST, 0, replace(PUBLISHED, promoted=False, decay="model 2 gives worse lists"), **{"spark-role": "driver"}
    )
    to_state(cluster, FIRST, "COMPLETED")
    assert cluster.condition("ActiveModelWorse") == ("True", "ListsWorse", "model 2 gives worse lists")
    assert cluster.condition("Succeeded")[0] == "True"
    assert cluster.status_errors() == []


def test_a_driver_pod_that_is_gone_does_not_undo_success() -> None:
    cluster = started()
    to_state(cluster, FIRST, "COMPLETED")
    assert cluster.condition("Succeeded")[0] == "True"
    assert cluster.condition("ModelPublished")[:2] == ("Unknown", "SummaryLost")


def test_executors_are_not_drivers() -> None:
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
def test_sparks_states_map_to_ours(raw: str, state: str) -> None:
    assert attempt_state(raw) == state


def test_only_completed_and_failed_are_final() -> None:
    assert {state for state in AttemptState if state.is_finished} == {AttemptState.COMPLETED, AttemptState.FAILED}


def test_an_unknown_state_is_shown_as_it_is() -> None:
    cluster = started()
    to_state(cluster, FIRST, "TELEPORTING")
    assert cluster.condition("Succeeded") == (
        "Unknown", "UnknownState", "SparkApplication weekly-train-1 is in state 'TELEPORTING'",
    )  # fmt: skip


# ---------------------------------------------------------------------------------------------------------- retries


def test_failed_attempts_are_retried_under_new_names_until_the_limit() -> None:
    cluster = started(backoffLimit=2)
    fail(cluster, FIRST, error="first")
    assert cluster.condition("Succeeded")[1:] == ("Retrying", "attempt 2 follows a failed attempt: first")
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


def test_without_a_driver_pod_sparks_message_is_used() -> None:
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


# ------------------------------------------------------------------------------------------- deadlines, suspend, end


def test_a_finished_run_is_deleted_after_its_ttl() -> None:
    cluster = started(ttlSecondsAfterFinished=10)
    to_state(cluster, FIRST, "COMPLETED")
    assert cluster.resource["status"]["completionTime"] == timestamp(START)
    cluster.now = START + timedelta(seconds=10)
    cluster.step()
    assert cluster.is_gone
