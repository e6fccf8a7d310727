"""Plan of a TrackBatch: the extract Job, then the verify Job, then the verdict. Its sink has a plan of its own."""

from __future__ import annotations

from datetime import datetime

from segue_core.contract.times import timestamp
from segue_operator.children.config import ChildConfig
from segue_operator.children.extract_job import build_extract_job
from segue_operator.children.metadata import parent_labels
from segue_operator.children.sink_deployment import SINK_PODS
from segue_operator.children.verify_job import build_verify_job
from segue_operator.kinds.conditions import Conditions, find, is_finished
from segue_operator.kinds.constants import Component, ConditionReason, EventReason, Status, TrackBatchCondition
from segue_operator.kinds.objects import Key, Kind, Manifest, type_meta
from segue_operator.kinds.trackbatch import TrackBatch, TrackBatchStatus
from segue_operator.reconcile import pod_reports
from segue_operator.reconcile.batch_queue import place_of
from segue_operator.reconcile.observe import NOT_STARTING, JobView, first_waiting
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
from segue_operator.reconcile.trackbatch_policies import CHAIN, deadline_start, must_verify_again, podless
from segue_operator.reconcile.trackbatch_scene import COMPONENTS, BatchScene, child_key, look
from segue_operator.reconcile.trackbatch_waits import wait_of_batch


def interests_of_batch(batch: TrackBatch, *, needs_queue: bool = False) -> Interests:
    """What the plan of a batch needs to see."""
    keys = tuple(child_key(batch, component) for component in COMPONENTS)
    return Interests(keys=keys, pod_labels=(parent_labels(batch), SINK_PODS), needs_queue=needs_queue)


def plan_batch(batch: TrackBatch, resource: Manifest, observed: Observed, now: datetime, config: ChildConfig) -> Plan:
    """What to do for a batch."""
    scene = look(batch, observed, now, place_of(resource, observed.batches, config.active_batches))
    if is_finished(resource):
        return plan_finished(
            resource,
            batch.status,
            now,
            ttl_seconds=batch.spec.ttl_seconds_after_finished,
            generation=batch.metadata.generation,
            leftovers=_unfinished_jobs(scene),
            conditions=_conditions_after_the_end(scene),
        )
    if observed.is_namespace_terminating:
        return Plan(delete=_unfinished_jobs(scene))
    verdict = first_verdict(CHAIN, scene)
    status = _status(scene, verdict)
    deletions = _unfinished_jobs(scene) if verdict.is_final else _reruns(scene)
    creations = () if verdict.is_final else _creations(scene, config)
    applications = () if verdict.is_final else _applications(scene)
    without_pod = podless(scene)
    deadline = seconds_left(deadline_start(scene), batch.spec.active_deadline_seconds, now)
    return Plan(
        delete=deletions,
        create=creations,
        apply=applications,
        status=changed_status(resource, status),
        events=_events(batch.status.conditions, status.conditions, scene),
        requeue_after_seconds=soonest(
            None if scene.is_paused or verdict.is_final else deadline,
            CONFLICT_RETRY_SECONDS if scene.foreign else None,
            scene.place.next_look_seconds if scene.place is not None else None,
            without_pod[1] if without_pod is not None and not verdict.is_final else None,
            None if verdict.is_final else next_look(wait_of_batch(scene, status.conditions), batch.status, now),
            ttl_left(status, batch.spec.ttl_seconds_after_finished, now),
        ),
    )


# --------------------------------------------------------------------------------------------------------- children


def _is_blocked(scene: BatchScene) -> bool:
    return scene.is_paused or bool(scene.foreign)


def _creations(scene: BatchScene, config: ChildConfig) -> tuple[Manifest, ...]:
    if _is_blocked(scene):
        return ()
    if scene.extract is None:
        return (build_extract_job(scene.batch, config),)
    if scene.extract.is_finished and scene.verify is None:
        return (build_verify_job(scene.batch, config, pod_reports.recipes(scene.extract_pods)),)
    return ()


def _applications(scene: BatchScene) -> tuple[Manifest, ...]:
    updates = (
        _job_update(scene, Component.EXTRACT, scene.extract, scene.batch.spec.extraction.parallelism),
        _job_update(scene, Component.VERIFY, scene.verify, 1),
    )
    return tuple(update for update in updates if update is not None)


def _job_update(scene: BatchScene, component: Component, job: JobView | None, parallelism: int) -> Manifest | None:
    """The fields of a Job that may change; its UID keeps the apply from creating a new one."""
    suspend = scene.is_paused
    if job is None or job.is_finished or (job.suspended, job.parallelism) == (suspend, parallelism):
        return None
    key = child_key(scene.batch, component)
    return {
        **type_meta(Kind.JOB),
        "metadata": {"name": key.name, "namespace": key.namespace, "uid": job.uid},
        "spec": {"suspend": suspend, "parallelism": parallelism},
    }


def _unfinished_jobs(scene: BatchScene) -> tuple[Key, ...]:
    """Jobs that may still create pods; finished ones stay as evidence.

    They keep a namespace from being deleted: its pods must be gone first, but a Job that counts retries by index holds
    the last failed pod of each index until it has created the next one.
    """
    jobs = ((Component.EXTRACT, scene.extract), (Component.VERIFY, scene.verify))
    return tuple(child_key(scene.batch, component) for component, job in jobs if job and not job.is_finished)


def _reruns(scene: BatchScene) -> tuple[Key, ...]:
    return (child_key(scene.batch, Component.VERIFY),) if must_verify_again(scene) else ()


# ----------------------------------------------------------------------------------------------------------- status


def _status(scene: BatchScene, verdict: Verdict) -> TrackBatchStatus:
    batch, old = scene.batch, scene.batch.status
    generation = batch.metadata.generation
    writer = ConditionWriter(scene.now, generation)
    conditions = writer.set_summary(old.conditions, verdict, suspend=batch.spec.suspend)
    conditions = _set_queued(scene, writer, conditions, is_final=verdict.is_final)
    conditions = _set_job_created(scene, writer, conditions, verdict)
    conditions = _set_sink_ready(scene, writer, conditions, is_final=verdict.is_final)
    wait = None if verdict.is_final else wait_of_batch(scene, conditions)
    conditions = set_stalled(writer, conditions, old, wait)
    counts = _counts(scene)
    started = scene.extract is not None or not (_is_blocked(scene) or verdict.is_final)
    return TrackBatchStatus(
        observed_generation=generation,
        phase=phase_of(verdict),
        conditions=conditions,
        tracks=counts.tracks if counts else old.tracks,
        rejected_by_reason=dict(counts.rejected_by_reason) if counts else old.rejected_by_reason,
        passed_over=old.passed_over if counts is None or counts.passed_over is None else dict(counts.passed_over),
        links_passed_over=(list(counts.links_passed_over) if counts else []) or old.links_passed_over,
        start_time=old.start_time or (timestamp(scene.now) if started else None),
        completion_time=completion(verdict, old, scene.now),
    )


def _counts(scene: BatchScene) -> pod_reports.BatchCounts | None:
    verified = pod_reports.last_verification(scene.verify_pods)
    if scene.verify is not None and scene.verify.is_finished and verified is not None and verified.listed:
        return pod_reports.final(verified)
    return pod_reports.progress(scene.batch.status, scene.extract_pods)


def _problem(scene: BatchScene, component: Component) -> tuple[ConditionReason, str] | None:
    key = child_key(scene.batch, component)
    if key in scene.foreign:
        return ConditionReason.NAME_CONFLICT, f"{key.kind} {key.name} belongs to something else"
    if key in scene.problems:
        return ConditionReason.APPLY_FAILED, scene.problems[key]
    return None


def _set_queued(scene: BatchScene, writer: ConditionWriter, conditions: Conditions, *, is_final: bool) -> Conditions:
    """Set the condition that says who holds a place."""
    type_ = TrackBatchCondition.QUEUED
    if is_final:
        return conditions if find(conditions, type_) is None else _not_queued(writer, conditions)
    if scene.batch.spec.suspend:
        return writer.set(conditions, type_, Status.FALSE, ConditionReason.SUSPEND_REQUESTED)
    if scene.place is not None:
        return writer.set(conditions, type_, Status.TRUE, ConditionReason.QUEUED, scene.place.message)
    return _not_queued(writer, conditions)


def _not_queued(writer: ConditionWriter, conditions: Conditions) -> Conditions:
    return writer.set(conditions, TrackBatchCondition.QUEUED, Status.FALSE, ConditionReason.ADMITTED)


def _set_job_created(
    scene: BatchScene, writer: ConditionWriter, conditions: Conditions, verdict: Verdict
) -> Conditions:
    type_ = TrackBatchCondition.JOB_CREATED
    problem = _problem(scene, Component.EXTRACT)
    if problem is not None:
        return writer.set(conditions, type_, Status.FALSE, *problem)
    if scene.extract is not None or not (_is_blocked(scene) or verdict.is_final):
        return writer.set(conditions, type_, Status.TRUE, ConditionReason.CREATED)
    return writer.set(conditions, type_, Status.FALSE, ConditionReason.PENDING)


def _conditions_after_the_end(scene: BatchScene) -> Conditions:
    """Conditions of a finished batch: only that of a sink that outlives it may change."""
    conditions = scene.batch.status.conditions
    if find(conditions, TrackBatchCondition.SINK_READY) is None:
        return conditions
    writer = ConditionWriter(scene.now, scene.batch.metadata.generation)
    return _set_sink_ready(scene, writer, conditions, is_final=True)


def _set_sink_ready(
    scene: BatchScene, writer: ConditionWriter, conditions: Conditions, *, is_final: bool
) -> Conditions:
    reason, message = _sink_state(scene, is_final=is_final)
    status = Status.TRUE if reason == ConditionReason.MINIMUM_REPLICAS_AVAILABLE else Status.FALSE
    return writer.set(conditions, TrackBatchCondition.SINK_READY, status, reason, message)


def _sink_state(scene: BatchScene, *, is_final: bool) -> tuple[ConditionReason, str]:
    spec = scene.batch.spec
    if is_final and not spec.sink.keep_running:
        return ConditionReason.NOT_NEEDED, ""
    problem = _problem(scene, Component.SINK)
    if problem is not None:
        return problem
    if spec.suspend:
        return ConditionReason.SUSPEND_REQUESTED, ""
    if scene.place is not None:
        return ConditionReason.QUEUED, ""
    if scene.sink is None and _is_blocked(scene):
        return ConditionReason.PENDING, ""
    return _sink_readiness(scene)


def _sink_readiness(scene: BatchScene) -> tuple[ConditionReason, str]:
    sink, waiting = scene.sink, first_waiting(scene.sink_pods)
    if waiting is not None:
        pod, why = waiting
        return ConditionReason.POD_WAITING, f"pod {pod.name}: {why}"
    if sink is not None and sink.failure:
        return ConditionReason.PROGRESSING, sink.failure
    if sink is not None and sink.ready >= scene.batch.spec.sink.replicas:
        return ConditionReason.MINIMUM_REPLICAS_AVAILABLE, ""
    return ConditionReason.PROGRESSING, ""


def _events(old: Conditions, new: Conditions, scene: BatchScene) -> tuple[PlannedEvent, ...]:
    events = list(transition_events(old, new))
    waiting = first_waiting(scene.pods)
    if waiting is not None and not events:
        pod, why = waiting
        if is_news(NOT_STARTING, old, new):
            events.append(PlannedEvent("Warning", EventReason.POD_WAITING, f"pod {pod.name}: {why}"))
    return (*events, *stall_events(old, new))
