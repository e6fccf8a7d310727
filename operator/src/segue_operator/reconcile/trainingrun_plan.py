"""Plan of a TrainingRun: wait for its batches, then one SparkApplication for each attempt, then the verdict."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from segue_operator.children.config import ChildConfig
from segue_operator.children.metadata import is_owned, parent_labels
from segue_operator.children.spark_application import build_spark_application
from segue_operator.kinds.conditions import Conditions, find, is_finished
from segue_operator.kinds.constants import (
    SUCCEEDED,
    ConditionReason,
    EventReason,
    TrainingRunCondition,
)
from segue_operator.kinds.objects import Key, Kind, Manifest, type_meta
from segue_operator.kinds.trainingrun import TrainingRun, TrainingRunStatus
from segue_operator.reconcile.observe import NOT_STARTING, first_waiting
from segue_operator.reconcile.outcome import (
    CONFLICT_RETRY_SECONDS,
    Verdict,
    changed_status,
    first_verdict,
    is_news,
    plan_finished,
    seconds_left,
    soonest,
    transition_events,
    ttl_left,
)
from segue_operator.reconcile.plans import Interests, Observed, Plan, PlannedEvent
from segue_operator.reconcile.rounds import begin_round
from segue_operator.reconcile.stall import next_look, stall_events
from segue_operator.reconcile.trainingrun_freshness import Freshness, look_at_catalogue
from segue_operator.reconcile.trainingrun_policies import CHAIN, deadline_start, pending_start
from segue_operator.reconcile.trainingrun_scene import (
    RunScene,
    application_key,
    batch_key,
    first_attempt,
    look,
)
from segue_operator.reconcile.trainingrun_status import is_startable, status_of
from segue_operator.reconcile.trainingrun_waits import wait_of_run

SPARK_MISSING_RETRY_SECONDS = 60.0


def interests_of_run(run: TrainingRun) -> Interests:
    """What the plan of a run needs to see: attempts, the batches it names, and its catalogue once it has trained."""
    number = first_attempt(run)
    recorded = (attempt.number for attempt in run.status.attempts)
    applications = (application_key(run, one) for one in sorted({*recorded, number, number + 1}))
    batches = tuple(batch_key(run, name) for name in run.spec.batches or ())
    has_trained = run.status.model is not None
    return Interests(keys=(*applications, *batches), pod_labels=(parent_labels(run),), needs_catalogue=has_trained)


def plan_run(run: TrainingRun, resource: Manifest, observed: Observed, now: datetime, config: ChildConfig) -> Plan:
    """What to do for a run."""
    freshness = look_at_catalogue(run, resource, observed, now)
    current = run.model_copy(update={"status": freshness.status})
    if not is_finished(resource):
        return Plan() if observed.is_namespace_terminating else _plan_work(current, resource, observed, now, config)
    if freshness.outlook.starts and not observed.is_namespace_terminating:
        first = _plan_work(begin_round(current, now), resource, observed, now, config)
        return _with_start(first, current, observed, freshness)
    ended = plan_finished(
        resource,
        run.status.model_copy(update={"retrain": freshness.status.retrain}),
        now,
        ttl_seconds=run.spec.ttl_seconds_after_finished,
        generation=run.metadata.generation,
        leftovers=_leftovers(look(run, observed, now)),
        conditions=freshness.status.conditions,
        is_news=freshness.status.retrain != run.status.retrain,
    )
    again = soonest(ended.requeue_after_seconds, freshness.outlook.after_seconds)
    return replace(ended, events=freshness.events, requeue_after_seconds=again)


def _with_start(first: Plan, run: TrainingRun, observed: Observed, freshness: Freshness) -> Plan:
    """The first plan of a round, with what it says and the applications of the last round that it deletes."""
    recorded = (application_key(run, attempt.number) for attempt in run.status.attempts)
    old = tuple(key for key in recorded if key in observed.objects and is_owned(observed.objects[key], run))
    why = find(run.status.conditions, TrainingRunCondition.RETRAIN_RECOMMENDED)
    started = PlannedEvent("Normal", EventReason.RETRAINING, why.message if why is not None else "")
    return replace(first, delete=(*old, *first.delete), events=(*freshness.events, started, *first.events))


def _plan_work(run: TrainingRun, resource: Manifest, observed: Observed, now: datetime, config: ChildConfig) -> Plan:
    scene = look(run, observed, now)
    verdict = first_verdict(CHAIN, scene)
    status = status_of(scene, verdict)
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


def _creations(scene: RunScene, verdict: Verdict, config: ChildConfig) -> tuple[Manifest, ...]:
    if scene.attempt.application is not None or not is_startable(scene, verdict):
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
