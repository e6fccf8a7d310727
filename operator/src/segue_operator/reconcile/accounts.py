"""What the programs left in their termination messages, folded into counts and sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from segue_jobs.contract import ExitCode, ExtractSummary, VerifySummary
from segue_jobs.summary import Summary
from segue_operator.api.constants import FIRST_MISSING
from segue_operator.api.trackbatch import TrackBatchStatus, TrackCounts
from segue_operator.reconcile.observe import PodView, last_line


@dataclass(frozen=True)
class Account:
    """A batch's counts."""

    tracks: TrackCounts
    rejected_by_reason: Mapping[str, int]


def _counts(summary: Mapping[str, int]) -> dict[str, int]:
    return {reason: count for reason, count in sorted(summary.items()) if isinstance(count, int) and count > 0}


def progress(old: TrackBatchStatus, pods: Iterable[PodView]) -> Account | None:
    """Account of a running batch: the last summary of each shard. Counts never fall when a pod vanishes.

    What an earlier attempt of a shard extracted, its last attempt has skipped: such a track was extracted, and counts
    once.
    """
    shards = [_with_earlier_attempts(attempts) for attempts in _attempts_by_shard(pods).values()]
    if not shards:
        return None
    before = old.tracks or TrackCounts()
    reasons = dict(old.rejected_by_reason or {})
    for reason in {reason for summary in shards for reason in summary.rejected_by_reason}:
        total = sum(summary.rejected_by_reason.get(reason, 0) for summary in shards)
        reasons[reason] = max(total, reasons.get(reason, 0))
    listed = max(before.listed, sum(summary.listed for summary in shards))
    extracted = max(before.extracted, sum(summary.extracted for summary in shards))
    rejected = max(before.rejected, sum(summary.rejected for summary in shards))
    skipped = max(before.skipped, sum(summary.skipped for summary in shards))
    return Account(
        TrackCounts(
            listed=listed,
            extracted=extracted,
            skipped=min(skipped, max(0, listed - extracted - rejected)),
            rejected=rejected,
            stored=before.stored,
        ),
        _counts(reasons),
    )


def _attempts_by_shard(pods: Iterable[PodView]) -> dict[int, list[ExtractSummary]]:
    attempts: dict[int, list[ExtractSummary]] = {}
    for pod in pods:
        summary = ExtractSummary.decode(pod.message)
        if summary is not None and pod.exit_code is not None:
            attempts.setdefault(pod.index if pod.index is not None else summary.shard, []).append(summary)
    return attempts


def _with_earlier_attempts(attempts: Sequence[ExtractSummary]) -> ExtractSummary:
    last = attempts[-1]
    earlier = min(last.skipped, sum(summary.extracted for summary in attempts[:-1]))
    return replace(last, extracted=last.extracted + earlier, skipped=last.skipped - earlier)


def recipes(pods: Iterable[PodView]) -> tuple[str, ...]:
    """Recipes by which the shards extracted, each once: one, unless the image changed on the way."""
    summaries = (ExtractSummary.decode(pod.message) for pod in pods if pod.exit_code is not None)
    return tuple(sorted({summary.recipe for summary in summaries if summary is not None and summary.recipe}))


def final(summary: VerifySummary) -> Account:
    """Account of a verified batch: what the database says, and nothing else."""
    return Account(
        TrackCounts(
            listed=summary.listed,
            extracted=summary.extracted,
            skipped=summary.skipped,
            rejected=summary.rejected,
            stored=summary.stored,
        ),
        _counts(summary.rejected_by_reason),
    )


def last_verification(pods: Iterable[PodView]) -> VerifySummary | None:
    """Summary of the verify pod that ended last."""
    summaries = [VerifySummary.decode(pod.message) for pod in pods if pod.exit_code is not None]
    return next((summary for summary in reversed(summaries) if summary is not None), None)


def error_of(pod: PodView) -> str:
    """What a pod itself says about its failure."""
    summary = Summary.decode(pod.message)
    if summary is not None and summary.error:
        return summary.error
    if pod.ended_reason == "OOMKilled":
        return "it ran out of memory (OOMKilled): give it more by podOverrides.resources"
    return last_line(pod.message) or pod.ended_reason or f"exit code {pod.exit_code}"


def last_error(pods: Iterable[PodView], codes: Iterable[ExitCode] | None = None) -> str | None:
    """What the pod that failed last says; of those with one of the exit codes, if any are given."""
    wanted = None if codes is None else {int(code) for code in codes}
    for pod in reversed(tuple(pods)):
        if pod.exit_code and (wanted is None or pod.exit_code in wanted):
            return error_of(pod)
    return None


def shard_errors(pods: Iterable[PodView], indexes: Iterable[int]) -> str:
    """Sentence about the shards that failed, with the first one's reason."""
    failed = tuple(indexes)
    names = ", ".join(str(index) for index in failed[:FIRST_MISSING])
    more = f" and {len(failed) - FIRST_MISSING} more" if len(failed) > FIRST_MISSING else ""
    error = last_error(pod for pod in pods if pod.index in failed[:1]) if failed else None
    subject = f"shard {names}" if len(failed) == 1 else f"shards {names}{more}"
    return f"{subject} failed" + (f" ({error})" if error else "")


def missing_tracks(summary: VerifySummary) -> str:
    """Sentence about the tracks that are neither stored nor rejected."""
    first = ", ".join(summary.first_missing[:FIRST_MISSING])
    more = f" and {summary.missing - FIRST_MISSING} more" if summary.missing > FIRST_MISSING else ""
    named = f": {first}{more}" if first else ""
    return f"{summary.missing} of {summary.listed} tracks are neither stored nor rejected{named}"
