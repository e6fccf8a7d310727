"""A batch's listing: every track once, with its file or with the reason why it has none."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from segue_jobs.contract import Reason, Stage
from segue_jobs.records import Metadata


@dataclass(frozen=True)
class Problem:
    """Why a listed track cannot be analysed."""

    stage: Stage
    reason: Reason
    message: str


@dataclass(frozen=True)
class ListedTrack:
    """One track of the batch; ids are unique in a listing."""

    track_id: str
    path: str | None
    """Relative to the audio root, with ``/``; undecodable bytes as surrogate escapes; None for a row without audio."""
    metadata: Metadata = Metadata()
    problem: Problem | None = None


@dataclass(frozen=True)
class Listing:
    """All tracks of a batch, ordered by id."""

    tracks: tuple[ListedTrack, ...]
    ignored_rows: int = 0
    """Metadata rows without audio that the batch was told to ignore."""

    def shard(self, index: int, shards: int) -> tuple[ListedTrack, ...]:
        """Tracks of one shard."""
        return tuple(track for track in self.tracks if shard_of(track.track_id, shards) == index)


def shard_of(track_id: str, shards: int) -> int:
    """Shard of a track: depends on its id alone, so that files that come or go move no other track."""
    return zlib.crc32(track_id.encode("utf-8", "surrogateescape")) % shards
