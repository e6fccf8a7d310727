"""What a TrainingRun waits for: its batches, Spark, or the pods of its attempt."""

from __future__ import annotations

from segue_operator.kinds.conditions import true_condition
from segue_operator.kinds.constants import STALLED, AttemptState, ConditionReason
from segue_operator.reconcile.observe import ApplicationView
from segue_operator.reconcile.outcome import conflict_message
from segue_operator.reconcile.stall import RETRIED, Wait, latest, not_starting, waiting_pods
from segue_operator.reconcile.trainingrun_scene import RunScene, input_of

_SUBMISSION_FAILED = "SUBMISSION_FAILED"


def wait_of_run(scene: RunScene) -> Wait | None:
    """Why an unfinished run makes no progress; None if it does, or is suspended."""
    if scene.run.spec.suspend:
        return None
    if not input_of(scene).is_ready:
        return _wait_for_batch(scene)
    return _obstacle(scene) or _wait_of_attempt(scene)


def _wait_for_batch(scene: RunScene) -> Wait | None:
    """A running batch is not a stall, however long it takes: it reports its own stalls."""
    for name in scene.run.spec.batches or ():
        batch = scene.batches.get(name)
        if batch is None:
            remedy = "create it, or name another one in a new run"
            return Wait(ConditionReason.BATCH_NOT_FOUND, f"TrackBatch {name}", "it does not exist", remedy)
        stalled = true_condition(batch, STALLED)
        if stalled is not None:
            why, remedy = stalled.get("message", ""), "the run continues once the batch does"
            return Wait(ConditionReason.BATCH_STALLED, f"TrackBatch {name}", f"it is stalled: {why}", remedy)
    return None


def _obstacle(scene: RunScene) -> Wait | None:
    """What keeps the application from being created."""
    key = scene.attempt.key
    if scene.is_spark_missing:
        remedy = "install the Spark operator: the run then continues by itself"
        return Wait(ConditionReason.SPARK_CRD_MISSING, "the kind SparkApplication", "it is not served", remedy)
    if scene.attempt.is_foreign:
        subject = f"the name of {key.kind} {key.name}"
        return Wait(ConditionReason.NAME_CONFLICT, subject, "", conflict_message((key,)))
    if scene.problem is not None:
        subject = f"the API server to accept {key.kind} {key.name}"
        return Wait(ConditionReason.APPLY_FAILED, subject, scene.problem, RETRIED)
    return None


def _wait_of_attempt(scene: RunScene) -> Wait | None:
    attempt, driver = scene.attempt, scene.attempt.driver
    application = attempt.application
    if application is None or attempt.state.is_finished:
        return None
    if driver is None:
        return not_starting(attempt.pods) or _wait_for_driver(scene, application)
    if driver.is_over:
        subject = f"the Spark operator to notice that the driver of {attempt.key.name} has ended"
        return _silent(subject, driver.finished)
    return waiting_pods((driver,)) or _wait_for_executors(scene)


def _wait_for_driver(scene: RunScene, application: ApplicationView) -> Wait | None:
    name = scene.attempt.key.name
    if application.state == _SUBMISSION_FAILED:
        remedy = "fix what the error names: the Spark operator tries again"
        return Wait(ConditionReason.SUBMISSION_FAILED, f"a driver of {name}", application.error, remedy)
    if scene.attempt.state == AttemptState.UNKNOWN:
        why = f"the Spark operator reports the state {application.state!r}"
        remedy = "check the logs of the driver and of the Spark operator"
        return Wait(ConditionReason.UNKNOWN_STATE, f"SparkApplication {name}", why, remedy)
    if scene.attempt.state in (AttemptState.PENDING, AttemptState.SUBMITTED):
        return _silent(f"the Spark operator to create a driver for {name}", application.created)
    return _silent(f"the Spark operator to report the state of {name}, which has no driver", "")


def _wait_for_executors(scene: RunScene) -> Wait | None:
    """A driver waits for its executors if none is running; without any pods it has not asked yet, or needs none."""
    return waiting_pods(pod for pod in scene.attempt.pods if pod.spark_role == "executor")


def _silent(subject: str, since: str) -> Wait:
    remedy = "check that the Spark operator runs and watches this namespace"
    return Wait(ConditionReason.SPARK_OPERATOR_SILENT, subject, "", remedy, since=latest((since,)))
