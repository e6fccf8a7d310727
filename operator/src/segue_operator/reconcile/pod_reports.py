"""What the programs reported in their termination messages, as counts and sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from segue_core.contract import ExitCode, ExtractSummary, VerifySummary
from segue_core.contract.termination import Summary
from segue_operator.kinds.messages import first_of
from segue_operator.kinds.trackbatch import TrackBatchStatus, TrackCounts
from segue_operator.reconcile.observe import PodView, last_line

_NAMED_LINKS = 10
_LONGEST_PATH = 200


@dataclass(frozen=True)
class BatchCounts:
    """A batch's counts."""

    tracks: TrackCounts
    rejected_by_reason: Mapping[str, int]
    passed_over: Mapping[str, int] | None = None
    """Known once the batch is verified."""
    links_passed_over: Sequence[str] = ()


def _counts(summary: Mapping[str, int]) -> dict[str, int]:
    return {reason: count for reason, count in sorted(summary.items()) if isinstance(count, int) and count > 0}


def progress(old: TrackBatchStatus, pods: Iterable[PodView]) -> BatchCounts | None:
    """Counts of a running batch, from the last summary of each shard. They never fall when a pod vanishes.

    A track that an earlier attempt of a shard extracted, and its last attempt skipped, counts once, as extracted.
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
    return BatchCounts(
        TrackCounts(
            listed=listed,
            extracted=extracted,
            skipped=min(skipped, max(0, listed - extracted - rejected)),
            rejected=rejected,
            stored=max(before.stored, sum(summary.stored for summary in shards)),
            alternatives=max(before.alternatives, sum(summary.alternatives for summary in shards)),
            added=before.added,
            removed=before.removed,
            moved=before.moved,
            changed=before.changed,
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
    """Recipes that the shards used: one, unless the image changed meanwhile."""
    summaries = (ExtractSummary.decode(pod.message) for pod in pods if pod.exit_code is not None)
    return tuple(sorted({summary.recipe for summary in summaries if summary is not None and summary.recipe}))


def final(summary: VerifySummary) -> BatchCounts:
    """Counts of a verified batch: what the database contains."""
    return BatchCounts(
        TrackCounts(
            listed=summary.listed,
            extracted=summary.extracted,
            skipped=summary.skipped,
            rejected=summary.rejected,
            stored=summary.stored,
            alternatives=summary.alternatives,
            added=summary.added,
            removed=summary.removed,
            moved=summary.moved,
            changed=summary.changed,
        ),
        _counts(summary.rejected_by_reason),
        _counts(summary.passed_over),
        [path[:_LONGEST_PATH] for path in summary.links_passed_over[:_NAMED_LINKS]],
    )


def last_verification(pods: Iterable[PodView]) -> VerifySummary | None:
    """Summary of the verify pod that ended last."""
    summaries = [VerifySummary.decode(pod.message) for pod in pods if pod.exit_code is not None]
    return next((summary for summary in reversed(summaries) if summary is not None), None)


def error_of(pod: PodView) -> str:
    """Why a pod failed, in its own words if possible."""
    summary = Summary.decode(pod.message)
    if summary is not None and summary.error:
        return summary.error
    if pod.ended_reason == "OOMKilled":
        return "it ran out of memory (OOMKilled): raise its limit in podOverrides.resources"
    return last_line(pod.message) or pod.ended_reason or f"exit code {pod.exit_code}"


def last_error(pods: Iterable[PodView], codes: Iterable[ExitCode] | None = None) -> str | None:
    """Error of the pod that failed last, with one of the exit codes if any are given."""
    wanted = None if codes is None else {int(code) for code in codes}
    for pod in reversed(tuple(pods)):
        if pod.exit_code and (wanted is None or pod.exit_code in wanted):
            return error_of(pod)
    return None


def retried_error(pods: Iterable[PodView], given_up: Iterable[int] = ()) -> str | None:
    """Error of the last failed attempt that is being retried or will be."""
    attempts = tuple(pods)
    settled = {pod.index for pod in attempts if pod.exit_code == 0} | set(given_up)
    failed = [pod for pod in attempts if pod.exit_code and not pod.is_disrupted and pod.index not in settled]
    return error_of(failed[-1]) if failed else None


def shard_errors(pods: Iterable[PodView], indexes: Iterable[int]) -> str:
    """Message about the shards that failed, with the first one's error."""
    failed = tuple(indexes)
    names = first_of([str(index) for index in failed])
    error = last_error(pod for pod in pods if pod.index in failed[:1]) if failed else None
    subject = f"shard {names}" if len(failed) == 1 else f"shards {names}"
    return f"{subject} failed" + (f" ({error})" if error else "")


def missing_tracks(summary: VerifySummary) -> str:
    """Message about the tracks that are neither stored nor rejected."""
    named = f": {first_of(summary.first_missing, summary.missing)}" if summary.first_missing else ""
    return f"{summary.missing} of {summary.listed} tracks are neither stored nor rejected{named}"
