"""A shard's account: every listed track ends in exactly one outcome, as a record, a metric and in the summary."""

from __future__ import annotations

from collections import Counter
from typing import Protocol

from segue_jobs.contract import ExtractArguments, ExtractSummary
from segue_jobs.extract.analyse import Analysis
from segue_jobs.extract.metrics import ExtractMetrics, TrackOutcome
from segue_jobs.listing.model import ListedTrack, Problem
from segue_jobs.listing.track_ids import printable
from segue_jobs.records import RejectedRecord, TrackRecord

_MAXIMUM_MESSAGE = 1000


class Sender(Protocol):
    """Where records go."""

    def send(self, record: TrackRecord | RejectedRecord) -> None:
        """Send one record."""


class Account:
    """Turns results into records and counts them."""

    def __init__(
        self, arguments: ExtractArguments, shard: int, recipe: str, sender: Sender, metrics: ExtractMetrics
    ) -> None:
        self._arguments = arguments
        self._shard = shard
        self._recipe = recipe
        self._sender = sender
        self._metrics = metrics
        self._outcomes: Counter[TrackOutcome] = Counter()
        self._reasons: Counter[str] = Counter()

    def extracted(self, track: ListedTrack, analysis: Analysis) -> None:
        """Account for an analysed track."""
        self._sender.send(
            TrackRecord(
                catalogue=self._arguments.catalogue,
                track_id=track.track_id,
                batch=self._arguments.batch,
                batch_uid=self._arguments.batch_uid,
                shard=self._shard,
                recipe=self._recipe,
                audio_sha256=analysis.audio_sha256,
                path=printable(track.path or ""),
                audio=analysis.audio,
                families=analysis.families,
                descriptors=analysis.descriptors,
                spectrogram=analysis.spectrogram,
                metadata=analysis.tags or track.metadata,
            )
        )
        self._outcomes[TrackOutcome.EXTRACTED] += 1
        self._metrics.extracted(analysis.seconds, analysis.bytes)

    def skipped(self, refreshed: TrackRecord | None) -> None:
        """Account for a track that was done before; send its record again where the metadata changed."""
        if refreshed is not None:
            self._sender.send(refreshed)
        self._outcomes[TrackOutcome.SKIPPED] += 1
        self._metrics.skipped()

    def rejected(self, track: ListedTrack, problem: Problem) -> None:
        """Account for a track that cannot be used."""
        self._sender.send(
            RejectedRecord(
                catalogue=self._arguments.catalogue,
                track_id=track.track_id,
                batch=self._arguments.batch,
                batch_uid=self._arguments.batch_uid,
                shard=self._shard,
                stage=problem.stage,
                reason=problem.reason,
                path=printable(track.path or ""),
                message=printable(problem.message)[:_MAXIMUM_MESSAGE],
            )
        )
        self._outcomes[TrackOutcome.REJECTED] += 1
        self._reasons[problem.reason.value] += 1
        self._metrics.reject(problem.reason)

    def summary(self, listed: int) -> ExtractSummary:
        """The account so far; interrupted if a listed track is missing from it."""
        return ExtractSummary(
            shard=self._shard,
            recipe=self._recipe,
            listed=listed,
            extracted=self._outcomes[TrackOutcome.EXTRACTED],
            skipped=self._outcomes[TrackOutcome.SKIPPED],
            rejected=self._outcomes[TrackOutcome.REJECTED],
            rejected_by_reason=dict(sorted(self._reasons.items())),
            interrupted=self._outcomes.total() < listed,
        )
