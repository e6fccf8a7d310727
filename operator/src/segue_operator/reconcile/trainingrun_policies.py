"""Why a TrainingRun is not done yet, or how it ended: one small function a case, in the order of precedence."""

from __future__ import annotations

from datetime import datetime

from segue_operator.api.conditions import find
from segue_operator.api.constants import AttemptState, ConditionReason, Status, TrainingRunCondition
from segue_operator.reconcile.observe import first_waiting
from segue_operator.reconcile.outcome import (
    Verdict,
    active_since,
    conflict_message,
    failed,
    seconds_left,
    succeeded,
)
from segue_operator.reconcile.trainingrun_scene import Scene, input_of


def deadline_start(scene: Scene) -> datetime | None:
    """Since when the run's deadline counts."""
    return active_since(scene.run.status, scene.run.status.start_time, scene.now)


def pending_start(scene: Scene) -> datetime | None:
    """Since when the current attempt is waiting to run; None while it runs."""
    if scene.attempt.state not in (AttemptState.PENDING, AttemptState.SUBMITTED, AttemptState.UNKNOWN):
        return None
    ready = find(scene.run.status.conditions, TrainingRunCondition.INPUT_READY)
    if ready is None or ready.status != Status.TRUE:
        return None
    application = scene.attempt.application
    created = application.created if application is not None else ""
    return active_since(scene.run.status, created or ready.last_transition_time, scene.now)


def completed(scene: Scene) -> Verdict | None:
    """Spark is done."""
    if scene.attempt.state != AttemptState.COMPLETED:
        return None
    summary = scene.attempt.summary
    if summary is None or summary.model is None:
        return succeeded(ConditionReason.COMPLETED, "training has finished")
    return succeeded(
        ConditionReason.COMPLETED, f"model {summary.model} with {summary.k} clusters over {summary.tracks} tracks"
    )


def attempt_failed(scene: Scene) -> Verdict | None:
    """The last attempt that there may be has failed."""
    attempt = scene.attempt
    if attempt.state != AttemptState.FAILED:
        return None
    if attempt.is_hopeless:
        return failed(ConditionReason.TRAINING_FAILED, attempt.error)
    return failed(
        ConditionReason.BACKOFF_LIMIT_EXCEEDED,
        f"attempt {attempt.number} failed and backoffLimit is {scene.run.spec.backoff_limit}: {attempt.error}",
    )


def deadline_exceeded(scene: Scene) -> Verdict | None:
    """The run took longer than it may, or an attempt waited longer than it may; a suspended run may wait."""
    spec = scene.run.spec
    if spec.suspend:
        return None
    left = seconds_left(deadline_start(scene), spec.active_deadline_seconds, scene.now)
    if left is not None and left <= 0:
        return failed(
            ConditionReason.DEADLINE_EXCEEDED, f"not done within activeDeadlineSeconds ({spec.active_deadline_seconds})"
        )
    left = seconds_left(pending_start(scene), spec.pending_deadline_seconds, scene.now)
    if left is not None and left <= 0:
        return failed(
            ConditionReason.PENDING_DEADLINE_EXCEEDED,
            f"not running within pendingDeadlineSeconds ({spec.pending_deadline_seconds}){_hindrance(scene)}",
        )
    return None


def input_hopeless(scene: Scene) -> Verdict | None:
    """A batch that the run needs will never succeed."""
    state = input_of(scene)
    return failed(state.reason, state.message) if state.is_hopeless else None


def suspended(scene: Scene) -> Verdict | None:
    """The user asked for a pause."""
    if not scene.run.spec.suspend:
        return None
    return Verdict(ConditionReason.SUSPEND_REQUESTED, "spec.suspend is true: set it to false to go on")


def input_awaited(scene: Scene) -> Verdict | None:
    """A batch that the run needs is not done yet."""
    state = input_of(scene)
    return None if state.is_ready else Verdict(state.reason, state.message)


def spark_missing(scene: Scene) -> Verdict | None:
    """The cluster does not know SparkApplications."""
    if not scene.is_spark_missing:
        return None
    return Verdict(
        ConditionReason.SPARK_CRD_MISSING, "the cluster has no SparkApplication kind: install the Spark operator"
    )


def name_conflict(scene: Scene) -> Verdict | None:
    """The application's name is taken."""
    if not scene.attempt.is_foreign:
        return None
    return Verdict(ConditionReason.NAME_CONFLICT, conflict_message((scene.attempt.key,)))


def apply_failed(scene: Scene) -> Verdict | None:
    """The server refused the application."""
    if scene.problem is None:
        return None
    return Verdict(
        ConditionReason.APPLY_FAILED, f"SparkApplication {scene.attempt.key.name} was refused: {scene.problem}"
    )


def retrying(scene: Scene) -> Verdict | None:
    """An attempt failed and the next one has not begun to run."""
    if scene.attempt.state not in (AttemptState.PENDING, AttemptState.SUBMITTED) or scene.attempt.number == 1:
        return None
    last = scene.failures[-1].error if scene.failures else _last_recorded_error(scene)
    return Verdict(
        ConditionReason.RETRYING, f"attempt {scene.attempt.number} follows a failed one: {last}{_hindrance(scene)}"
    )


def unknown(scene: Scene) -> Verdict | None:
    """The Spark operator says something that we do not know."""
    application = scene.attempt.application
    if scene.attempt.state != AttemptState.UNKNOWN or application is None:
        return None
    return Verdict(
        ConditionReason.UNKNOWN_STATE, f"SparkApplication {scene.attempt.key.name} is in state {application.state!r}"
    )


def at_work(scene: Scene) -> Verdict:
    """Spark is at it."""
    if scene.attempt.state == AttemptState.RUNNING:
        return Verdict(ConditionReason.RUNNING, f"attempt {scene.attempt.number} is running{_hindrance(scene)}")
    return Verdict(ConditionReason.SUBMITTED, f"attempt {scene.attempt.number} is submitted{_hindrance(scene)}")


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
"""What has happened for good comes first, then what the user asked for, then what hinders, then what goes on."""


def _last_recorded_error(scene: Scene) -> str:
    attempts = scene.run.status.attempts
    recorded = [attempt.message for attempt in attempts if attempt.number < scene.attempt.number and attempt.message]
    return recorded[-1] if recorded else "Spark gave no reason"


def _hindrance(scene: Scene) -> str:
    found = first_waiting(scene.attempt.pods)
    if found is None:
        error = scene.attempt.application.error if scene.attempt.application is not None else ""
        return f"; {error}" if error else ""
    pod, why = found
    return f"; pod {pod.name} does not start: {why.reason}: {why.message}"
