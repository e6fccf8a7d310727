"""Status of an unfinished TrainingRun: its conditions, attempts, model and decision."""

from __future__ import annotations

from segue_core.contract import TrainSummary
from segue_core.contract.times import timestamp
from segue_operator.kinds.conditions import Conditions
from segue_operator.kinds.constants import AttemptState, ConditionReason, Status, TrainingRunCondition
from segue_operator.kinds.messages import shorten
from segue_operator.kinds.trainingrun import Attempt, Decision, ModelStatus, RetrainStatus, TrainingRunStatus
from segue_operator.reconcile.outcome import ConditionWriter, Verdict, completion, phase_of
from segue_operator.reconcile.stall import set_stalled
from segue_operator.reconcile.trainingrun_scene import AttemptView, RunScene, input_of, round_start
from segue_operator.reconcile.trainingrun_waits import wait_of_run


def is_startable(scene: RunScene, verdict: Verdict) -> bool:
    """Whether the current attempt's application may be created."""
    blocked = scene.run.spec.suspend or scene.attempt.is_foreign or scene.is_spark_missing
    return not (verdict.is_final or blocked) and input_of(scene).is_ready


def status_of(scene: RunScene, verdict: Verdict) -> TrainingRunStatus:
    """The new status of a run that had not finished, under its verdict."""
    run, old = scene.run, scene.run.status
    generation = run.metadata.generation
    writer = ConditionWriter(scene.now, generation)
    conditions = writer.set_summary(old.conditions, verdict, suspend=run.spec.suspend)
    conditions = _set_input_ready(scene, writer, conditions)
    conditions = _set_model_published(scene, writer, conditions, verdict)
    conditions = _set_active_model_worse(scene, writer, conditions)
    if verdict.status == Status.TRUE and _model(scene) is not None:
        type_ = TrainingRunCondition.RETRAIN_RECOMMENDED
        conditions = writer.set(conditions, type_, Status.FALSE, ConditionReason.TRAINED)
    conditions = set_stalled(writer, conditions, old, None if verdict.is_final else wait_of_run(scene))
    started = scene.attempt.application is not None or is_startable(scene, verdict)
    return TrainingRunStatus(
        observed_generation=generation,
        phase=phase_of(verdict),
        conditions=conditions,
        attempts=_attempts(scene, started=started),
        model=_model(scene) or old.model,
        decision=_decision(scene) or old.decision,
        retrain=_retrain(old.retrain, verdict),
        start_time=old.start_time or (timestamp(scene.now) if started else None),
        completion_time=completion(verdict, old, scene.now),
    )


def _retrain(old: RetrainStatus | None, verdict: Verdict) -> RetrainStatus | None:
    """Count the rounds that failed in a row; without a round that succeeded there is no other one."""
    if old is None or not verdict.is_final:
        return old
    return old.model_copy(update={"failures": 0 if verdict.status == Status.TRUE else old.failures + 1})


def _record(attempt: AttemptView) -> Attempt:
    message = attempt.error if attempt.state == AttemptState.FAILED else None
    return Attempt(
        number=attempt.number,
        application=attempt.key.name,
        state=attempt.state,
        message=shorten(message) if message else None,
    )


def _attempts(scene: RunScene, *, started: bool) -> tuple[Attempt, ...]:
    is_retry = scene.attempt.number > round_start(scene.run)
    views = (*scene.failures, scene.attempt) if started or is_retry else scene.failures
    known = {attempt.number: attempt for attempt in scene.run.status.attempts}
    known |= {view.number: _record(view) for view in views}
    return tuple(attempt for _, attempt in sorted(known.items()))


def _summary_of_completed(scene: RunScene) -> TrainSummary | None:
    return scene.attempt.summary if scene.attempt.state == AttemptState.COMPLETED else None


def _model(scene: RunScene) -> ModelStatus | None:
    summary = _summary_of_completed(scene)
    if summary is None or summary.model is None:
        return None
    metrics = {name: shorten(str(value), 64) for name, value in sorted(summary.metrics.items())}
    return ModelStatus(
        version=summary.model, k=summary.k, tracks=summary.tracks, excluded=summary.excluded, metrics=metrics or None
    )


def _decision(scene: RunScene) -> Decision | None:
    summary = _summary_of_completed(scene)
    if summary is None or summary.model is None:
        return None
    return Decision(promoted=summary.promoted, reason=shorten(summary.decision))


def _set_input_ready(scene: RunScene, writer: ConditionWriter, conditions: Conditions) -> Conditions:
    state = input_of(scene)
    status = Status.TRUE if state.is_ready else Status.FALSE
    return writer.set(conditions, TrainingRunCondition.INPUT_READY, status, state.reason, state.message)


def _set_model_published(
    scene: RunScene, writer: ConditionWriter, conditions: Conditions, verdict: Verdict
) -> Conditions:
    type_ = TrainingRunCondition.MODEL_PUBLISHED
    model, decision = _model(scene), _decision(scene)
    if model is not None and decision is not None:
        return writer.set(conditions, type_, Status.TRUE, ConditionReason.PUBLISHED, decision.reason)
    if not verdict.is_final:
        return writer.set(conditions, type_, Status.FALSE, ConditionReason.NOT_YET)
    if scene.attempt.state == AttemptState.COMPLETED and scene.attempt.summary is None:
        message = "Spark has finished, but the driver pod that named the model is gone: look it up in the database"
        return writer.set(conditions, type_, Status.UNKNOWN, ConditionReason.SUMMARY_LOST, message)
    return writer.set(conditions, type_, Status.FALSE, ConditionReason.NO_MODEL, verdict.message)


def _set_active_model_worse(scene: RunScene, writer: ConditionWriter, conditions: Conditions) -> Conditions:
    """Whether the model that stays active has become worse since it was trained; unset until a run has compared."""
    summary = _summary_of_completed(scene)
    if summary is None or summary.model is None:
        return conditions
    status, reason = (
        (Status.TRUE, ConditionReason.LISTS_WORSE) if summary.decay else (Status.FALSE, ConditionReason.LISTS_NOT_WORSE)
    )
    return writer.set(conditions, TrainingRunCondition.ACTIVE_MODEL_WORSE, status, reason, summary.decay)
