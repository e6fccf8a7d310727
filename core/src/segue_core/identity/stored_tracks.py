"""What the rules of identity need to know of the store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from segue_core.identity.catalogue import Source, StoredTrack, source_of_batch
from segue_core.store.database import Database
from segue_core.store.presence import Presence
from segue_core.store.tracks import TrackRow, rows_of_sources


def owner_of(row: TrackRow) -> str:
    """The source that owns a track: its batch, if it was stored by a program that knew no sources."""
    return row.source or source_of_batch(row.batch)


def stored_track(row: TrackRow) -> StoredTrack:
    """A stored track as the rules see it."""
    return StoredTrack(row.track_id, owner_of(row), row.path, row.audio_sha256, row.time)


def own_rows(target: Database, catalogue: str, source: Source) -> Iterator[TrackRow]:
    """All tracks that a source owns."""
    return rows_of_sources(target, catalogue, (source.name, source_of_batch(source.batch)))


def deleted_tracks(presences: Iterable[Presence]) -> Iterator[StoredTrack]:
    """Tracks that are no longer stored, and whose ids stay bound."""
    for presence in presences:
        if presence.deleted and presence.sources:
            first = presence.sources[0]
            yield StoredTrack(presence.track_id, first.name, first.path, presence.audio_sha256, deleted=True)
