"""What is stored, as one source sees it. No I/O."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

_BATCH = "batch:"


def source_of_batch(batch: str) -> str:
    """Source of tracks that were stored before sources had names: the batch that stored them."""
    return f"{_BATCH}{batch}"


@dataclass(frozen=True, slots=True)
class Source:
    """The source of a batch."""

    name: str
    batch: str
    """Name of the batch: it takes over what it stored before sources had names."""

    def owns(self, name: str) -> bool:
        """Whether tracks of the source with this name are its own."""
        return name in (self.name, source_of_batch(self.batch))


@dataclass(frozen=True, slots=True)
class StoredTrack:
    """What is known about a stored track."""

    track_id: str
    source: str
    """The source that owns it."""
    path: str
    """Where that source has it, relative to its audio folder."""
    audio_sha256: str
    time: int = 0
    """When its record was written, milliseconds since the epoch."""
    deleted: bool = False
    """It is no longer stored, but its id stays bound to this audio."""

    @property
    def is_owned(self) -> bool:
        """Whether a source with a name owns it, not just the batch that stored it; then nobody takes it over."""
        return not (self.deleted or self.source.startswith(_BATCH))


class Catalogue:
    """What is stored, as one source sees it.

    Parameters
    ----------
    source
        Whose files are looked up.
    stored
        All tracks of the source, and those of other sources whose ids its listing suggests.
    """

    def __init__(self, source: Source, stored: Iterable[StoredTrack]) -> None:
        self.source = source
        self.by_id: dict[str, StoredTrack] = {}
        self._by_path: dict[str, StoredTrack] = {}
        self._all_at: defaultdict[str, list[StoredTrack]] = defaultdict(list)
        self._by_audio: defaultdict[str, list[StoredTrack]] = defaultdict(list)
        for track in stored:
            self.add(track)

    def add(self, track: StoredTrack) -> None:
        """Add a track; one that is there is left alone."""
        if track.track_id in self.by_id:
            return
        self.by_id[track.track_id] = track
        if self.source.owns(track.source):
            self._by_audio[track.audio_sha256].append(track)
            self._all_at[track.path].append(track)
            other = self._by_path.get(track.path)
            if not track.deleted and (other is None or is_newer(track, other)):
                self._by_path[track.path] = track

    def at(self, path: str) -> StoredTrack | None:
        """The track that this source has at a path."""
        return self._by_path.get(path)

    def all_at(self, path: str) -> list[StoredTrack]:
        """All tracks that this source has or had at a path."""
        return self._all_at.get(path, [])

    def with_audio(self, audio_sha256: str) -> list[StoredTrack]:
        """The source's own tracks with this audio."""
        return self._by_audio.get(audio_sha256, [])

    def stored_as(self, listed_id: str, path: str) -> StoredTrack | None:
        """The track that a listed file is stored as, without knowing its audio; None if it is not stored."""
        if found := self.at(path):
            return found
        suggested = self.by_id.get(listed_id)
        if suggested is None or suggested.deleted or suggested.source == self.source.name:
            return None  # its own tracks are stored with their paths
        return suggested


def is_newer(track: StoredTrack, other: StoredTrack) -> bool:
    """Whether the record of a track was written after that of another."""
    return (track.time, track.track_id) > (other.time, other.track_id)
