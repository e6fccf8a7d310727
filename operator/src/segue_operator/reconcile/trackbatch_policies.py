"""Why a TrackBatch is not done yet, or how it ended: one small function a case, in the order of precedence."""

from __future__ import annotations

from datetime import datetime

from segue_jobs.contract import ExitCode, VerifySummary
from segue_operator.api.constants import Component, ConditionReason
from segue_operator.reconcile import accounts
from segue_operator.reconcile.observe import JobView, first_waiting
from segue_operator.reconcile.outcome import (
    Verdict,
    active_since,
    conflict_message,
    failed,
    seconds_left,
    succeeded,
)
from segue_operator.reconcile.trackbatch_scene import Scene, child_key

FAILED_INDEXES = "FailedIndexes"
"""The Job's reason when all indexes have ended and some of them failed: the others' tracks are there."""
JOB_DEADLINE = "DeadlineExceeded"
PODLESS_SECONDS = 30
"""How long a Job may be without a pod before its batch says so."""


def deadline_start(scene: Scene) -> datetime | None:
    """Since when the batch's deadline counts."""
    return active_since(scene.batch.status, scene.batch.status.start_time, scene.now)


def must_verify_again(scene: Scene) -> bool:
    """Whether the verify Job ended well but its pod is gone, and with it the account: verifying changes nothing.

    Pods that had failed before may still be there; they tell of what was, not of what is.
    """
    verify = scene.verify
    return verify is not None and verify.is_complete and all(pod.exit_code for pod in scene.verify_pods)


def podless(scene: Scene) -> tuple[Component, float] | None:
    """The Job that runs and has no pod, and in how many seconds that is long enough to say so.

    A Job tells of what keeps it from making pods (a quota, a missing service account) in events alone.
    """
    jobs = ((Component.EXTRACT, scene.extract, scene.extract_pods), (Component.VERIFY, scene.verify, scene.verify_pods))
    for component, job, pods in jobs:
        if job is not None and job.created and not (job.is_finished or job.suspended or job.succeeded or pods):
            left = seconds_left(active_since(scene.batch.status, job.created, scene.now), PODLESS_SECONDS, scene.now)
            return component, left or 0.0
    return None


def extraction_failed(scene: Scene) -> Verdict | None:
    """The extract Job ended as a whole: a wrong configuration, or its deadline."""
    extract = scene.extract
    if extract is None or extract.failure_reason in (None, FAILED_INDEXES):
        return None
    if extract.failure_reason == JOB_DEADLINE:
        return failed(ConditionReason.DEADLINE_EXCEEDED, _deadline_message(scene))
    error = accounts.last_error(scene.extract_pods, (ExitCode.CONFIGURATION,)) or accounts.last_error(
        scene.extract_pods
    )
    return failed(ConditionReason.EXTRACTION_FAILED, error or _job_message(extract))


def verified(scene: Scene) -> Verdict | None:
    """The verify Job has ended: its account decides."""
    verify = scene.verify
    if verify is None or not verify.is_finished or must_verify_again(scene):
        return None
    if verify.failure_reason == JOB_DEADLINE:
        return failed(ConditionReason.DEADLINE_EXCEEDED, _deadline_message(scene))
    summary = accounts.last_verification(scene.verify_pods)
    if summary is None:
        error = accounts.last_error(scene.verify_pods) or "its pod left no account"
        return failed(ConditionReason.VERIFICATION_FAILED, f"the batch could not be verified: {error}")
    return _unproven(scene, verify, summary) or _proven(scene, summary)


def _unproven(scene: Scene, verify: JobView, summary: VerifySummary) -> Verdict | None:
    account = _what_is_missing(scene, verify, summary)
    shards = scene.extract.failed_indexes if scene.extract is not None else ()
    if shards or (scene.extract is not None and scene.extract.failure_reason is not None):
        errors = accounts.shard_errors(scene.extract_pods, shards)
        return failed(ConditionReason.EXTRACTION_FAILED, f"{errors}; {account or 'no track is missing nevertheless'}")
    if account is None:
        return None
    return failed(ConditionReason.TRACKS_MISSING if summary.missing else ConditionReason.VERIFICATION_FAILED, account)


def _what_is_missing(scene: Scene, verify: JobView, summary: VerifySummary) -> str | None:
    """What the verification found missing, or why it cannot tell; None if it has proved that nothing is."""
    if summary.missing:
        return accounts.missing_tracks(summary)
    if summary.error or not verify.is_complete:
        error = summary.error or accounts.last_error(scene.verify_pods) or _job_message(verify)
        return f"the batch could not be verified: {error}"
    return None


def _proven(scene: Scene, summary: VerifySummary) -> Verdict:
    if not summary.listed:
        path = scene.batch.spec.source.audio_path
        return failed(ConditionReason.NO_TRACKS, f"no track was found under source.audioPath {path!r}: check the path")
    allowed = scene.batch.spec.max_rejected_percent
    reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(summary.rejected_by_reason.items()))
    rejected = f"{summary.rejected} of {summary.listed} tracks are rejected ({reasons})"
    if summary.rejected * 100 > allowed * summary.listed:
        return failed(ConditionReason.TOO_MANY_REJECTED, f"{rejected}, more than the {allowed} % of maxRejectedPercent")
    if summary.rejected:
        return succeeded(ConditionReason.PARTIALLY_COMPLETED, f"{summary.stored} tracks are stored, {rejected}")
    return succeeded(ConditionReason.COMPLETED, f"all {summary.listed} tracks are stored")


def deadline_exceeded(scene: Scene) -> Verdict | None:
    """The batch took longer than it may; a suspended one may wait."""
    if scene.batch.spec.suspend:
        return None
    left = seconds_left(deadline_start(scene), scene.batch.spec.active_deadline_seconds, scene.now)
    if left is None or left > 0:
        return None
    return failed(ConditionReason.DEADLINE_EXCEEDED, _deadline_message(scene))


def suspended(scene: Scene) -> Verdict | None:
    """The user asked for a pause."""
    if not scene.batch.spec.suspend:
        return None
    return Verdict(ConditionReason.SUSPEND_REQUESTED, "spec.suspend is true: set it to false to go on")


def name_conflict(scene: Scene) -> Verdict | None:
    """A child's name is taken."""
    if not scene.foreign:
        return None
    return Verdict(ConditionReason.NAME_CONFLICT, conflict_message(scene.foreign))


def apply_failed(scene: Scene) -> Verdict | None:
    """The server refused a child."""
    for key, message in sorted(scene.problems.items()):
        return Verdict(ConditionReason.APPLY_FAILED, f"{key.kind} {key.name} was refused: {message}")
    return None


def verifying(scene: Scene) -> Verdict | None:
    """Extraction has ended; the proof is under way."""
    if scene.extract is None or not scene.extract.is_finished:
        return None
    return Verdict(ConditionReason.VERIFYING, "waits until every listed track is stored or rejected" + _waiting(scene))


def extracting(scene: Scene) -> Verdict:
    """Shards are being worked on."""
    done = scene.extract.succeeded if scene.extract is not None else 0
    shards = scene.batch.spec.extraction.shards
    return Verdict(ConditionReason.EXTRACTING, f"{done} of {shards} shards are done" + _waiting(scene))


CHAIN = (
    extraction_failed,
    verified,
    deadline_exceeded,
    suspended,
    name_conflict,
    apply_failed,
    verifying,
    extracting,
)
"""What has happened for good comes first, then what the user asked for, then what hinders, then what goes on."""


def _waiting(scene: Scene) -> str:
    found = first_waiting(scene.pods)
    if found is None:
        return _without_pod(scene)
    pod, why = found
    return f"; pod {pod.name} does not start: {why.reason}: {why.message}"


def _without_pod(scene: Scene) -> str:
    found = podless(scene)
    if found is None or found[1] > 0:
        return ""
    name = child_key(scene.batch, found[0]).name
    return f"; Job {name} has made no pod for {PODLESS_SECONDS} s: kubectl describe job {name} says why"


def _deadline_message(scene: Scene) -> str:
    return f"not done within activeDeadlineSeconds ({scene.batch.spec.active_deadline_seconds})"


def _job_message(job: JobView) -> str:
    return job.failure_message or str(job.failure_reason)
