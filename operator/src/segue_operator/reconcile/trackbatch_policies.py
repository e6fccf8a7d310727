"""Why a TrackBatch has not finished, or how it ended: one function for each case, in order of precedence."""

from __future__ import annotations

from datetime import datetime

from segue_core.contract import ExitCode, VerifySummary
from segue_core.contract.times import parse_timestamp
from segue_operator.kinds.conditions import find
from segue_operator.kinds.constants import Component, ConditionReason, Status, TrackBatchCondition
from segue_operator.reconcile import pod_reports
from segue_operator.reconcile.observe import JobView, startup_problem
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
from segue_operator.reconcile.trackbatch_scene import BatchScene, child_key

FAILED_INDEXES = "FailedIndexes"
"""The Job's reason when all indexes have ended and some failed: the others' tracks are stored."""
JOB_DEADLINE = "DeadlineExceeded"
PODLESS_SECONDS = 30
"""How long a Job may have no pod before its batch reports it."""


def deadline_start(scene: BatchScene) -> datetime | None:
    """When the clock of the batch's deadline started."""
    return _at_work_since(scene, scene.batch.status.start_time)


def _at_work_since(scene: BatchScene, base: str | None) -> datetime | None:
    """Since when something has been going on: time in the queue does not count."""
    since = active_since(scene.batch.status, base, scene.now)
    queued = find(scene.batch.status.conditions, TrackBatchCondition.QUEUED)
    if since is None or queued is None:
        return since
    left = scene.now if queued.status == Status.TRUE else parse_timestamp(queued.last_transition_time)
    return max(since, left)


def must_verify_again(scene: BatchScene) -> bool:
    """Whether the verify Job succeeded but its pod is gone, and its summary with it: verifying again is harmless.

    Pods that failed earlier may still exist, but their summaries are outdated.
    """
    verify = scene.verify
    return verify is not None and verify.is_complete and all(pod.exit_code for pod in scene.verify_pods)


def podless(scene: BatchScene) -> tuple[Component, float] | None:
    """The running Job that has no pod, and in how many seconds to report it.

    A Job says only in events what keeps it from creating pods (a quota, a missing service account).
    """
    jobs = ((Component.EXTRACT, scene.extract, scene.extract_pods), (Component.VERIFY, scene.verify, scene.verify_pods))
    for component, job, pods in jobs:
        if job is not None and job.created and not (job.is_finished or job.suspended or job.succeeded or pods):
            left = seconds_left(_at_work_since(scene, job.created), PODLESS_SECONDS, scene.now)
            return component, left or 0.0
    return None


def extraction_failed(scene: BatchScene) -> Verdict | None:
    """The extract Job ended as a whole: a wrong configuration, or its deadline."""
    extract = scene.extract
    if extract is None or extract.failure_reason in (None, FAILED_INDEXES):
        return None
    if extract.failure_reason == JOB_DEADLINE:
        return out_of_time(scene.batch.spec.active_deadline_seconds)
    error = pod_reports.last_error(scene.extract_pods, (ExitCode.CONFIGURATION,)) or pod_reports.last_error(
        scene.extract_pods
    )
    return failed(ConditionReason.EXTRACTION_FAILED, error or _job_message(extract))


def verified(scene: BatchScene) -> Verdict | None:
    """The verify Job has ended: its summary decides."""
    verify = scene.verify
    if verify is None or not verify.is_finished or must_verify_again(scene):
        return None
    if verify.failure_reason == JOB_DEADLINE:
        return out_of_time(scene.batch.spec.active_deadline_seconds)
    summary = pod_reports.last_verification(scene.verify_pods)
    if summary is None:
        error = pod_reports.last_error(scene.verify_pods) or "its pod left no summary"
        return failed(ConditionReason.VERIFICATION_FAILED, f"the batch could not be verified: {error}")
    if summary.too_many_missing:
        return failed(ConditionReason.TOO_MANY_MISSING, summary.error or "too many of the source's tracks are gone")
    return _unproven(scene, verify, summary) or _proven(scene, summary)


def _unproven(scene: BatchScene, verify: JobView, summary: VerifySummary) -> Verdict | None:
    account = _what_is_missing(scene, verify, summary)
    shards = scene.extract.failed_indexes if scene.extract is not None else ()
    if shards or (scene.extract is not None and scene.extract.failure_reason is not None):
        errors = pod_reports.shard_errors(scene.extract_pods, shards)
        return failed(ConditionReason.EXTRACTION_FAILED, f"{errors}; {account or 'no track is missing'}")
    if account is None:
        return None
    return failed(ConditionReason.TRACKS_MISSING if summary.missing else ConditionReason.VERIFICATION_FAILED, account)


def _what_is_missing(scene: BatchScene, verify: JobView, summary: VerifySummary) -> str | None:
    """What the verification found missing, or why it failed; None if nothing is missing."""
    if summary.missing:
        return pod_reports.missing_tracks(summary)
    if summary.error or not verify.is_complete:
        error = summary.error or pod_reports.last_error(scene.verify_pods) or _job_message(verify)
        return f"the batch could not be verified: {error}"
    return None


def _proven(scene: BatchScene, summary: VerifySummary) -> Verdict:
    if not summary.listed:
        path = scene.batch.spec.source.audio_path
        return failed(ConditionReason.NO_TRACKS, f"no track was found under source.audioPath {path!r}: check the path")
    allowed = scene.batch.spec.max_rejected_percent
    commonest = sorted(summary.rejected_by_reason.items(), key=lambda item: (-item[1], item[0]))
    reasons = ", ".join(f"{reason} {count}" for reason, count in commonest)
    rejected = f"{summary.rejected} of {summary.listed} tracks are rejected ({reasons})"
    moved = f"; {found}" if (found := pod_reports.final(summary).tracks.movements) else ""
    if summary.rejected * 100 > allowed * summary.listed:
        return failed(ConditionReason.TOO_MANY_REJECTED, f"{rejected}, more than the {allowed} % of maxRejectedPercent")
    if summary.rejected:
        return succeeded(ConditionReason.PARTIALLY_COMPLETED, f"{summary.stored} tracks are stored, {rejected}{moved}")
    stored = "the only track is" if summary.listed == 1 else f"all {summary.listed} tracks are"
    return succeeded(ConditionReason.COMPLETED, f"{stored} stored{moved}")


def deadline_exceeded(scene: BatchScene) -> Verdict | None:
    """The batch exceeded its deadline; a one that is suspended or queued does not."""
    if scene.is_paused:
        return None
    left = seconds_left(deadline_start(scene), scene.batch.spec.active_deadline_seconds, scene.now)
    if left is None or left > 0:
        return None
    return out_of_time(scene.batch.spec.active_deadline_seconds)


def suspended(scene: BatchScene) -> Verdict | None:
    """The user asked for a pause."""
    return paused() if scene.batch.spec.suspend else None


def queued(scene: BatchScene) -> Verdict | None:
    """Other batches come first."""
    return Verdict(ConditionReason.QUEUED, scene.place.message) if scene.place is not None else None


def name_conflict(scene: BatchScene) -> Verdict | None:
    """A child's name is taken."""
    if not scene.foreign:
        return None
    return Verdict(ConditionReason.NAME_CONFLICT, conflict_message(scene.foreign))


def apply_failed(scene: BatchScene) -> Verdict | None:
    """The server refused a child."""
    for key, message in sorted(scene.problems.items()):
        return Verdict(ConditionReason.APPLY_FAILED, f"{key.kind} {key.name} was refused: {message}")
    return None


def verifying(scene: BatchScene) -> Verdict | None:
    """Extraction has ended, verification has not."""
    if scene.extract is None or not scene.extract.is_finished:
        return None
    step = "waiting until every listed track is stored or rejected"
    return Verdict(
        ConditionReason.VERIFYING, _with_hindrance(scene, step, pod_reports.retried_error(scene.verify_pods))
    )


def extracting(scene: BatchScene) -> Verdict:
    """Shards are being extracted."""
    extract = scene.extract
    step = f"{extract.succeeded if extract is not None else 0} of {scene.batch.spec.extraction.shards} shards are done"
    error = pod_reports.retried_error(scene.extract_pods, extract.failed_indexes if extract is not None else ())
    return Verdict(ConditionReason.EXTRACTING, _with_hindrance(scene, step, error))


CHAIN = (
    extraction_failed,
    verified,
    deadline_exceeded,
    suspended,
    queued,
    name_conflict,
    apply_failed,
    verifying,
    extracting,
)
"""Final results come first, then what the user asked for, then hindrances, then normal progress."""


def _with_hindrance(scene: BatchScene, step: str, error: str | None) -> str:
    retried = f"an attempt failed and is repeated: {error}" if error else ""
    return hindered(step, startup_problem(scene.pods) or _without_pod(scene) or retried)


def _without_pod(scene: BatchScene) -> str:
    found = podless(scene)
    if found is None or found[1] > 0:
        return ""
    name = child_key(scene.batch, found[0]).name
    return f"Job {name} has created no pod for {PODLESS_SECONDS} s: kubectl describe job {name} shows why"


def _job_message(job: JobView) -> str:
    return job.failure_message or str(job.failure_reason)
