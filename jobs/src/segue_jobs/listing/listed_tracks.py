"""A batch's listing: every track once, with its file or with the reason why it cannot be used."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from segue_core.contract import Reason, Stage
from segue_core.store.records import Metadata


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a listed track cannot be analysed."""

    stage: Stage
    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class ListedTrack:
    """A track of the batch; ids are unique within a listing."""

    track_id: str
    path: str | None
    """Relative to the audio root, with ``/``; undecodable bytes as surrogate escapes; None for a row without audio."""
    metadata: Metadata = Metadata()
    problem: Problem | None = None
    alternatives: tuple[str, ...] = ()
    """The other files of the track, such as ``song.mp3`` beside ``song.flac``: what to take if ``path`` cannot be
    decoded, best first."""

    @property
    def candidates(self) -> tuple[str, ...]:
        """All files of the track, best first; the track is made from the first that can be decoded."""
        return () if self.path is None else (self.path, *self.alternatives)


@dataclass(frozen=True)
class Listing:
    """All tracks of a batch, ordered by id."""

    tracks: tuple[ListedTrack, ...]
    ignored_rows: int = 0
    """Number of metadata rows without audio that the batch ignores."""
    passed_over: Mapping[str, int] = field(default_factory=dict)
    """Number of entries of the audio folder that are not listed, by `PassedOverKind`."""
    links_passed_over: tuple[str, ...] = ()
    """Paths of the links among them."""

    def with_prefix(self, prefix: str) -> Listing:
        """The listing with a text before every id."""
        if not prefix:
            return self
        return replace(self, tracks=tuple(replace(track, track_id=prefix + track.track_id) for track in self.tracks))

    def shard(self, index: int, shards: int) -> tuple[ListedTrack, ...]:
        """The tracks of one shard."""
        return tuple(track for track in self.tracks if shard_of(track.track_id, shards) == index)


def shard_of(track_id: str, shards: int) -> int:
    """Shard of a track; it depends only on the id, so that adding or removing files moves no other track."""
    return zlib.crc32(track_id.encode("utf-8", "surrogateescape")) % shards
