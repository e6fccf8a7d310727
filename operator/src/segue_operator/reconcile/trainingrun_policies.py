"""Why a TrainingRun has not finished, or how it ended: one function for each case, in order of precedence."""

from __future__ import annotations

from datetime import datetime

from segue_core.contract.wording import quantity
from segue_operator.kinds.conditions import find
from segue_operator.kinds.constants import SUCCEEDED, AttemptState, ConditionReason, Status, TrainingRunCondition
from segue_operator.reconcile.observe import startup_problem
from segue_operator.reconcile.outcome import (
    Verdict,
    active_since,
    conflict_message,
    failed,
    hindered,
    out_of_time,
    paused,
    seconds_left,
    succeeded,
)
from segue_operator.reconcile.trainingrun_scene import RunScene, input_of, round_start


def deadline_start(scene: RunScene) -> datetime | None:
    """When the clock of the run's deadline started."""
    return active_since(scene.run.status, scene.run.status.start_time, scene.now)


def pending_start(scene: RunScene) -> datetime | None:
    """Since when the current attempt has been waiting to run; None while it runs."""
    if scene.attempt.state not in (AttemptState.PENDING, AttemptState.SUBMITTED, AttemptState.UNKNOWN):
        return None
    ready = find(scene.run.status.conditions, TrainingRunCondition.INPUT_READY)
    if ready is None or ready.status != Status.TRUE:
        return None
    application, verdict = scene.attempt.application, find(scene.run.status.conditions, SUCCEEDED)
    created = application.created if application is not None else ""
    round_began = verdict.last_transition_time if verdict is not None else ""
    return active_since(scene.run.status, created or max(ready.last_transition_time, round_began), scene.now)


def completed(scene: RunScene) -> Verdict | None:
    """Spark has finished."""
    if scene.attempt.state != AttemptState.COMPLETED:
        return None
    summary = scene.attempt.summary
    if summary is None or summary.model is None:
        return succeeded(ConditionReason.COMPLETED, "training has finished")
    made = f"{quantity(summary.k, 'cluster')} over {quantity(summary.tracks, 'track')}"
    return succeeded(ConditionReason.COMPLETED, f"model {summary.model} with {made}")


def attempt_failed(scene: RunScene) -> Verdict | None:
    """The last attempt has failed."""
    attempt = scene.attempt
    if attempt.state != AttemptState.FAILED:
        return None
    if attempt.is_hopeless:
        return failed(ConditionReason.TRAINING_FAILED, attempt.error)
    return failed(
        ConditionReason.BACKOFF_LIMIT_EXCEEDED,
        f"attempt {attempt.number} failed and backoffLimit is {scene.run.spec.backoff_limit}: {attempt.error}",
    )


def deadline_exceeded(scene: RunScene) -> Verdict | None:
    """The run or a waiting attempt exceeded its deadline; a suspended run does not."""
    spec = scene.run.spec
    if spec.suspend:
        return None
    left = seconds_left(deadline_start(scene), spec.active_deadline_seconds, scene.now)
    if left is not None and left <= 0:
        return out_of_time(spec.active_deadline_seconds)
    left = seconds_left(pending_start(scene), spec.pending_deadline_seconds, scene.now)
    if left is not None and left <= 0:
        late = f"not running within pendingDeadlineSeconds ({spec.pending_deadline_seconds})"
        return failed(ConditionReason.PENDING_DEADLINE_EXCEEDED, hindered(late, _hindrance(scene)))
    return None


def input_hopeless(scene: RunScene) -> Verdict | None:
    """A batch that the run needs will never succeed."""
    state = input_of(scene)
    return failed(state.reason, state.message) if state.is_hopeless else None


def suspended(scene: RunScene) -> Verdict | None:
    """The user asked for a pause."""
    return paused() if scene.run.spec.suspend else None


def input_awaited(scene: RunScene) -> Verdict | None:
    """A batch that the run needs has not finished yet."""
    state = input_of(scene)
    return None if state.is_ready else Verdict(state.reason, state.message)


def spark_missing(scene: RunScene) -> Verdict | None:
    """The cluster does not serve SparkApplications."""
    if not scene.is_spark_missing:
        return None
    return Verdict(
        ConditionReason.SPARK_CRD_MISSING, "the cluster has no SparkApplication kind: install the Spark operator"
    )


def name_conflict(scene: RunScene) -> Verdict | None:
    """The application's name is taken."""
    if not scene.attempt.is_foreign:
        return None
    return Verdict(ConditionReason.NAME_CONFLICT, conflict_message((scene.attempt.key,)))


def apply_failed(scene: RunScene) -> Verdict | None:
    """The server refused the application."""
    if scene.problem is None:
        return None
    return Verdict(
        ConditionReason.APPLY_FAILED, f"SparkApplication {scene.attempt.key.name} was refused: {scene.problem}"
    )


def retrying(scene: RunScene) -> Verdict | None:
    """An attempt failed and the next one is not running yet."""
    is_first = scene.attempt.number == round_start(scene.run)
    if scene.attempt.state not in (AttemptState.PENDING, AttemptState.SUBMITTED) or is_first:
        return None
    last = scene.failures[-1].error if scene.failures else _last_recorded_error(scene)
    return Verdict(
        ConditionReason.RETRYING,
        hindered(f"attempt {scene.attempt.number} follows a failed attempt: {last}", _hindrance(scene)),
    )


def unknown(scene: RunScene) -> Verdict | None:
    """The Spark operator reports an unknown state."""
    application = scene.attempt.application
    if scene.attempt.state != AttemptState.UNKNOWN or application is None:
        return None
    return Verdict(
        ConditionReason.UNKNOWN_STATE, f"SparkApplication {scene.attempt.key.name} is in state {application.state!r}"
    )


def at_work(scene: RunScene) -> Verdict:
    """Spark has accepted the application or runs it."""
    if scene.attempt.state == AttemptState.RUNNING:
        return Verdict(
            ConditionReason.RUNNING, hindered(f"attempt {scene.attempt.number} is running", _hindrance(scene))
        )
    return Verdict(
        ConditionReason.SUBMITTED, hindered(f"attempt {scene.attempt.number} is submitted", _hindrance(scene))
    )


CHAIN = (
    completed,
    attempt_failed,
    deadline_exceeded,
    suspended,
    input_hopeless,
    input_awaited,
    spark_missing,
    name_conflict,
    apply_failed,
    retrying,
    unknown,
    at_work,
)
"""Final results come first, then what the user asked for, then hindrances, then normal progress."""


def _last_recorded_error(scene: RunScene) -> str:
    attempts = scene.run.status.attempts
    recorded = [attempt.message for attempt in attempts if attempt.number < scene.attempt.number and attempt.message]
    return recorded[-1] if recorded else "Spark gave no reason"


def _hindrance(scene: RunScene) -> str:
    application = scene.attempt.application
    return startup_problem(scene.attempt.pods) or (application.error if application is not None else "")
