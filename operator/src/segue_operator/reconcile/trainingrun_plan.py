"""Plan of a TrainingRun: wait for its batches, then one SparkApplication for each attempt, then the verdict."""

from __future__ import annotations

from datetime import datetime

from segue_core.contract import TrainSummary
from segue_core.contract.times import timestamp
from segue_operator.children.config import ChildConfig
from segue_operator.children.metadata import parent_labels
from segue_operator.children.spark_application import build_spark_application
from segue_operator.kinds.conditions import Conditions, find, is_finished
from segue_operator.kinds.constants import (
    SUCCEEDED,
    AttemptState,
    ConditionReason,
    EventReason,
    Status,
    TrainingRunCondition,
)
from segue_operator.kinds.messages import shorten
from segue_operator.kinds.objects import Key, Kind, Manifest, type_meta
from segue_operator.kinds.trainingrun import Attempt, Decision, ModelStatus, TrainingRun, TrainingRunStatus
from segue_operator.reconcile.observe import NOT_STARTING, first_waiting
from segue_operator.reconcile.outcome import (
    CONFLICT_RETRY_SECONDS,
    ConditionWriter,
    Verdict,
    changed_status,
    completion,
    first_verdict,
    is_news,
    phase_of,
    plan_finished,
    seconds_left,
    soonest,
    transition_events,
    ttl_left,
)
from segue_operator.reconcile.plans import Interests, Observed, Plan, PlannedEvent
from segue_operator.reconcile.stall import next_look, set_stalled, stall_events
from segue_operator.reconcile.trainingrun_policies import CHAIN, deadline_start, pending_start
from segue_operator.reconcile.trainingrun_scene import (
    AttemptView,
    RunScene,
    application_key,
    batch_key,
    first_attempt,
    input_of,
    look,
)
from segue_operator.reconcile.trainingrun_waits import wait_of_run

SPARK_MISSING_RETRY_SECONDS = 60.0


def interests_of_run(run: TrainingRun) -> Interests:
    """What the plan of a run needs to see: this attempt, the next one, and the batches it waits for."""
    number = first_attempt(run)
    applications = (application_key(run, number), application_key(run, number + 1))
    batches = tuple(batch_key(run, name) for name in run.spec.batches or ())
    return Interests(keys=(*applications, *batches), pod_labels=parent_labels(run))


def plan_run(run: TrainingRun, resource: Manifest, observed: Observed, now: datetime, config: ChildConfig) -> Plan:
    """What to do for a run."""
    scene = look(run, observed, now)
    if is_finished(resource):
        return plan_finished(
            resource,
            run.status,
            now,
            ttl_seconds=run.spec.ttl_seconds_after_finished,
            generation=run.metadata.generation,
            leftovers=_leftovers(scene),
        )
    if observed.is_namespace_terminating:
        return Plan()
    verdict = first_verdict(CHAIN, scene)
    status = _status(scene, verdict)
    return Plan(
        delete=_leftovers(scene) if verdict.is_final else (),
        create=_creations(scene, verdict, config),
        apply=() if verdict.is_final else _applications(scene),
        status=changed_status(resource, status),
        events=_events(run.status.conditions, status.conditions, scene),
        requeue_after_seconds=_next_look(scene, verdict, status),
    )


def _next_look(scene: RunScene, verdict: Verdict, status: TrainingRunStatus) -> float | None:
    spec = scene.run.spec
    if verdict.is_final:
        return soonest(ttl_left(status, spec.ttl_seconds_after_finished, scene.now))
    if spec.suspend:
        return None
    return soonest(
        seconds_left(deadline_start(scene), spec.active_deadline_seconds, scene.now),
        seconds_left(pending_start(scene), spec.pending_deadline_seconds, scene.now),
        CONFLICT_RETRY_SECONDS if scene.attempt.is_foreign else None,
        SPARK_MISSING_RETRY_SECONDS if scene.is_spark_missing else None,
        next_look(wait_of_run(scene), scene.run.status, scene.now),
    )


# --------------------------------------------------------------------------------------------------------- children


def _is_startable(scene: RunScene, verdict: Verdict) -> bool:
    blocked = scene.run.spec.suspend or scene.attempt.is_foreign or scene.is_spark_missing
    return not (verdict.is_final or blocked) and input_of(scene).is_ready


def _creations(scene: RunScene, verdict: Verdict, config: ChildConfig) -> tuple[Manifest, ...]:
    if scene.attempt.application is not None or not _is_startable(scene, verdict):
        return ()
    return (build_spark_application(scene.run, scene.attempt.number, config),)


def _applications(scene: RunScene) -> tuple[Manifest, ...]:
    """The one field of an application that may change without running it again."""
    application, key = scene.attempt.application, scene.attempt.key
    suspend = scene.run.spec.suspend
    if application is None or application.suspended == suspend:
        return ()
    update: Manifest = {
        **type_meta(Kind.SPARK_APPLICATION),
        "metadata": {"name": key.name, "namespace": key.namespace, "uid": application.uid},
        "spec": {"suspend": suspend},
    }
    return (update,)


def _leftovers(scene: RunScene) -> tuple[Key, ...]:
    """An application that still runs when the run has ended by its deadline; finished ones stay as evidence."""
    application = scene.attempt.application
    return (scene.attempt.key,) if application is not None and not scene.attempt.state.is_finished else ()


# ----------------------------------------------------------------------------------------------------------- status


def _status(scene: RunScene, verdict: Verdict) -> TrainingRunStatus:
    run, old = scene.run, scene.run.status
    generation = run.metadata.generation
    writer = ConditionWriter(scene.now, generation)
    conditions = writer.set_summary(old.conditions, verdict, suspend=run.spec.suspend)
    conditions = _set_input_ready(scene, writer, conditions)
    conditions = _set_model_published(scene, writer, conditions, verdict)
    conditions = _set_active_model_worse(scene, writer, conditions)
    conditions = set_stalled(writer, conditions, old, None if verdict.is_final else wait_of_run(scene))
    started = scene.attempt.application is not None or _is_startable(scene, verdict)
    return TrainingRunStatus(
        observed_generation=generation,
        phase=phase_of(verdict),
        conditions=conditions,
        attempts=_attempts(scene, started=started),
        model=_model(scene) or old.model,
        decision=_decision(scene) or old.decision,
        start_time=old.start_time or (timestamp(scene.now) if started else None),
        completion_time=completion(verdict, old, scene.now),
    )


def _record(attempt: AttemptView) -> Attempt:
    message = attempt.error if attempt.state == AttemptState.FAILED else None
    return Attempt(
        number=attempt.number,
        application=attempt.key.name,
        state=attempt.state,
        message=shorten(message) if message else None,
    )


def _attempts(scene: RunScene, *, started: bool) -> tuple[Attempt, ...]:
    views = (*scene.failures, scene.attempt) if started or scene.attempt.number > 1 else scene.failures
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


# ----------------------------------------------------------------------------------------------------------- events


def _events(old: Conditions, new: Conditions, scene: RunScene) -> tuple[PlannedEvent, ...]:
    events = list(transition_events(old, new))
    before, after = find(old, SUCCEEDED), find(new, SUCCEEDED)
    if before is not None and after is not None and not events:
        waiting = first_waiting(scene.attempt.pods)
        if waiting is not None and is_news(NOT_STARTING, old, new):
            events.append(PlannedEvent("Warning", EventReason.POD_WAITING, after.message))
        elif scene.failures and after.reason == ConditionReason.RETRYING:
            events.append(PlannedEvent("Warning", EventReason.RETRYING, after.message))
    return (*events, *stall_events(old, new))
