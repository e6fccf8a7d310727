"""A shard's account: every listed track gets exactly one outcome, in a record, in the metrics and in the summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from segue_core.contract import ExtractArguments, ExtractSummary, Family
from segue_core.contract.wording import shorten
from segue_core.identity.rules import Identity, Outcome
from segue_core.store.records import Alternative, Claim, RejectedRecord, TrackRecord
from segue_jobs.extract.analyse import Analysis, Complement
from segue_jobs.extract.identify import taken
from segue_jobs.extract.known_tracks import KnownTracks
from segue_jobs.extract.shard_metrics import ExtractMetrics, TrackOutcome
from segue_jobs.listing.batch_source import source_of
from segue_jobs.listing.listed_tracks import ListedTrack, Problem
from segue_jobs.listing.track_ids import printable

_MAXIMUM_MESSAGE = 1000


class Sender(Protocol):
    """Something that takes records."""

    def send(self, record: TrackRecord | RejectedRecord) -> None:
        """Send one record."""


class ShardAccount:
    """Turns results into records, and counts them."""

    def __init__(
        self, arguments: ExtractArguments, shard: int, recipe: str, sender: Sender, metrics: ExtractMetrics
    ) -> None:
        self._arguments = arguments
        self._source = source_of(arguments)
        self._shard = shard
        self._recipe = recipe
        self._sender = sender
        self._metrics = metrics
        self._outcomes: Counter[TrackOutcome] = Counter()
        self._reasons: Counter[str] = Counter()
        self._alternatives = 0
        self._sent: list[str] = []

    def is_elsewhere(self, identity: Identity) -> bool:
        """Whether another source has the track, so that its record says where that source has the file."""
        stored = identity.stored
        return stored is not None and identity.outcome is Outcome.ADOPTED and stored.is_owned

    def place(self, track: ListedTrack, identity: Identity) -> tuple[str, str]:
        """Source and path of the record: those of the owner, if another source has the track."""
        stored = identity.stored
        if stored is not None and self.is_elsewhere(identity):
            return stored.source, stored.path
        return self._source.name, printable(track.path or "")

    def claim(self, track: ListedTrack, identity: Identity) -> Claim:
        """How the record came to its id."""
        stored = identity.stored
        if stored is None or stored.deleted:
            return Claim(listed_id=track.track_id)
        return Claim(listed_id=track.track_id, seen_audio_sha256=stored.audio_sha256, seen_path=stored.path)

    def extracted(
        self,
        track: ListedTrack,
        identity: Identity,
        analysis: Analysis,
        alternatives: Sequence[Alternative] = (),
        **facts: Any,
    ) -> None:
        """Account for an analysed track, and for its files that were not taken.

        Parameters
        ----------
        facts
            The record's metadata, its file, and since when it is there.
        """
        source, path = self.place(track, identity)
        self._sender.send(
            TrackRecord(
                catalogue=self._arguments.catalogue,
                track_id=identity.track_id,
                batch=self._arguments.batch,
                batch_uid=self._arguments.batch_uid,
                shard=self._shard,
                recipe=self._recipe,
                audio_sha256=analysis.audio_sha256,
                source=source,
                path=path,
                claim=self.claim(track, identity),
                audio=analysis.audio,
                families=analysis.families,
                words={} if analysis.heard is None else analysis.heard.tags,
                ear=None if analysis.heard is None else analysis.heard.ear,
                descriptors=analysis.descriptors,
                spectrogram=analysis.spectrogram,
                alternatives=tuple(alternatives),
                **facts,
            )
        )
        self._alternatives += len(alternatives)
        self._sent.append(identity.track_id)
        self._outcomes[TrackOutcome.EXTRACTED] += 1
        self._metrics.extracted(analysis.seconds, analysis.inspection.bytes)

    def copied(self, track: ListedTrack, identity: Identity, twin: TrackRecord, **new: Any) -> None:
        """Account for a new track whose audio another track has: it takes over what was computed.

        Parameters
        ----------
        new
            Fields of the record that differ besides: metadata, alternatives, its file, since when it is there.
        """
        self._take_over(track, identity, twin, new)
        self._metrics.extracted(0.0, 0)

    def completed(
        self, track: ListedTrack, identity: Identity, stored: TrackRecord, complement: Complement, **new: Any
    ) -> None:
        """Account for a track that was analysed before, and that the ear has heard now.

        Parameters
        ----------
        new
            Fields of the record that differ besides: metadata and alternatives.
        """
        families = {**stored.families, Family.LEARNED: complement.heard.features}
        heard = complement.heard
        learned = {"recipe": self._recipe, "families": families, "words": heard.tags, "ear": heard.ear}
        self._take_over(track, identity, stored, {**learned, **new})
        self._metrics.extracted(complement.seconds, complement.inspection.bytes)

    def _take_over(self, track: ListedTrack, identity: Identity, stored: TrackRecord, new: Mapping[str, Any]) -> None:
        source, path = self.place(track, identity)
        own = {"batch": self._arguments.batch, "batch_uid": self._arguments.batch_uid, "shard": self._shard}
        claim = self.claim(track, identity)
        record = msgspec.structs.replace(
            stored, track_id=identity.track_id, source=source, path=path, claim=claim, **own, **new
        )
        self._sender.send(record)
        self._alternatives += len(record.alternatives)
        self._sent.append(identity.track_id)
        self._outcomes[TrackOutcome.EXTRACTED] += 1

    def taken(self, track: ListedTrack, identity: Identity) -> None:
        """Account for a track whose id belongs to another source."""
        self.rejected(track, taken(identity, self._source.name, printable(track.path or "")))

    def skipped(self, refreshed: TrackRecord | None, alternatives: int = 0) -> None:
        """Account for a track that was done before; if its metadata changed, send the refreshed record."""
        self._alternatives += alternatives
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
                message=shorten(printable(problem.message), _MAXIMUM_MESSAGE),
            )
        )
        self._outcomes[TrackOutcome.REJECTED] += 1
        self._reasons[problem.reason.value] += 1
        self._metrics.reject(problem.reason)

    def stored(self, known: KnownTracks) -> int:
        """How many of the shard's tracks the database has: the skipped ones, and what a sink has stored by now."""
        rows = known.with_ids(self._sent)
        return self._outcomes[TrackOutcome.SKIPPED] + sum(row.batch_uid == self._arguments.batch_uid for row in rows)

    def summary(self, listed: int, stored: int = 0) -> ExtractSummary:
        """The account so far; it says interrupted if a listed track is missing."""
        return ExtractSummary(
            shard=self._shard,
            recipe=self._recipe,
            listed=listed,
            extracted=self._outcomes[TrackOutcome.EXTRACTED],
            skipped=self._outcomes[TrackOutcome.SKIPPED],
            stored=stored,
            rejected=self._outcomes[TrackOutcome.REJECTED],
            rejected_by_reason=dict(sorted(self._reasons.items())),
            alternatives=self._alternatives,
            interrupted=self._outcomes.total() < listed,
        )
