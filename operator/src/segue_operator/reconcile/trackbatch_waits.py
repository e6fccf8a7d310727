"""What a TrackBatch waits for: its stage decides which child must make progress."""

from __future__ import annotations

from segue_operator.kinds.conditions import Conditions, find
from segue_operator.kinds.constants import Component, ConditionReason, Label, TrackBatchCondition
from segue_operator.reconcile import pod_reports
from segue_operator.reconcile.observe import JobView, PodView
from segue_operator.reconcile.outcome import conflict_message
from segue_operator.reconcile.stall import RETRIED, Wait, latest, waiting_pods
from segue_operator.reconcile.trackbatch_scene import BatchScene, child_key


def wait_of_batch(scene: BatchScene, conditions: Conditions) -> Wait | None:
    """Why an unfinished batch makes no progress; None if it does, or is suspended or queued.

    Parameters
    ----------
    conditions
        Conditions of this pass: SinkReady says what is wrong with the sink.
    """
    if scene.is_paused:
        return None
    return _obstacle(scene) or _wait_of_stage(scene, conditions)


def _obstacle(scene: BatchScene) -> Wait | None:
    """What keeps a child from being created."""
    if scene.foreign:
        key = min(scene.foreign)
        subject = f"the name of {key.kind} {key.name}"
        return Wait(ConditionReason.NAME_CONFLICT, subject, "", conflict_message(scene.foreign))
    for key, message in sorted(scene.problems.items()):
        subject = f"the API server to accept {key.kind} {key.name}"
        return Wait(ConditionReason.APPLY_FAILED, subject, message, RETRIED)
    return None


def _wait_of_stage(scene: BatchScene, conditions: Conditions) -> Wait | None:
    if scene.extract is None:
        return None
    if not scene.extract.is_finished:
        return _wait_of_job(scene, Component.EXTRACT, scene.extract, scene.extract_pods)
    if scene.verify is None or scene.verify.is_finished:  # it is being created or replaced
        return _wait_for_sink(scene, conditions)
    wait = _wait_of_job(scene, Component.VERIFY, scene.verify, scene.verify_pods)
    if wait is not None and wait.reason == ConditionReason.POD_WAITING:
        return wait
    return _wait_for_sink(scene, conditions) or wait


def _wait_of_job(scene: BatchScene, component: Component, job: JobView, pods: tuple[PodView, ...]) -> Wait | None:
    if job.suspended:
        return None
    if any(not pod.is_over for pod in pods):
        return waiting_pods(pods)
    name = child_key(scene.batch, component).name
    since = latest((job.created, *(pod.finished for pod in pods)))
    failed = _last_unrepaired(pods)
    if failed is not None:
        error = pod_reports.error_of(failed)
        remedy = "fix what the error names: the Job controller tries again, with growing delays"
        return Wait(ConditionReason.RETRYING, f"the next attempt of Job {name}", error, remedy, since=since)
    remedy = "its events show why"
    return Wait(ConditionReason.POD_MISSING, f"a pod of Job {name}", "none is created", remedy, since=since)


def _last_unrepaired(pods: tuple[PodView, ...]) -> PodView | None:
    """The last failed pod of an index that no other pod has finished."""
    done = {pod.index for pod in pods if pod.exit_code == 0}
    return next((pod for pod in reversed(pods) if pod.exit_code and pod.index not in done), None)


def _wait_for_sink(scene: BatchScene, conditions: Conditions) -> Wait | None:
    """Verification waits for the sink; extraction does not, because Kafka keeps its records."""
    if scene.sink is not None and scene.sink.ready > 0:
        return None
    name = child_key(scene.batch, Component.SINK).name
    condition = find(conditions, TrackBatchCondition.SINK_READY)
    why = condition.message if condition is not None else ""
    if any(pod.is_at_work for pod in scene.sink_pods):
        remedy = "check its log for Kafka and MongoDB errors"
    else:
        remedy = f"kubectl describe pods --selector {Label.COMPONENT}={Component.SINK} shows why none of them runs"
    return Wait(ConditionReason.SINK_NOT_READY, f"the sink {name}", why or "none of its pods is ready", remedy)
