"""Which id a file gets, given its source and what is stored. No I/O.

An id belongs to the source that brought it, and is bound to one recording for good: what listeners liked under it must
not become other music. A file is looked up by its audio first, then by its path, then by the id that the listing
suggests (its path without the extension, or the id of its row).

===========  =============================================================  =========================================
outcome      what is found                                                  what the file gets
===========  =============================================================  =========================================
Unchanged    its path in this source has the same audio (new tags or not)   the id that it has
Moved        this source has its audio under a path that is gone, or that   that id: with it likes and place
             has other audio now
Returned     this source had its audio here before, or has deleted it; or   that id again
             another file of the track was taken meanwhile
Changed      its path, or its suggested id, has the same recording in       the id that it has
             other bytes: encoded or downloaded again
Replaced     its path has another recording                                 an id of its own: ``<id>~2`` if that is
                                                                            bound; the old id is missing now
Copied       its audio is stored, and where it came from is still there     an id of its own
Added        nothing of the above, and the suggested id is free             the suggested id
Adopted      another source has the suggested id with the same audio        that id: one track, two sources
Taken        another source has the suggested id with other audio           none: a rejection that names both
===========  =============================================================  =========================================

If it is unsure whether two files are the same recording, they are not: a new id loses no like, a wrong one gives it to
other music. Both extract and verify use these rules; verify does so without hashing (`Catalogue.stored_as`), because
the record of a file that moved or returned is written again with its path: the newest record of a path tells its id.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import count

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


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that is listed."""

    listed_id: str
    """The id that the listing suggests."""
    path: str
    audio_sha256: str
    others: tuple[str, ...] = ()
    """Paths of the other files of the track, which are not taken."""


class Outcome(StrEnum):
    """What happens to a file (see the table above)."""

    UNCHANGED = "Unchanged"
    MOVED = "Moved"
    RETURNED = "Returned"
    CHANGED = "Changed"
    REPLACED = "Replaced"
    COPIED = "Copied"
    ADDED = "Added"
    ADOPTED = "Adopted"
    TAKEN = "Taken"


@dataclass(frozen=True, slots=True)
class Identity:
    """The id that a file gets."""

    track_id: str
    outcome: Outcome
    stored: StoredTrack | None = None
    """What is stored under this id."""


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
            if not track.deleted and (other is None or _newer(track, other)):
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


def _newer(track: StoredTrack, other: StoredTrack) -> bool:
    return (track.time, track.track_id) > (other.time, other.track_id)


@dataclass(frozen=True, kw_only=True)
class Listed:
    """What the source lists, in all shards, and what its files hold."""

    ids: Mapping[str, str]
    """Path -> suggested id; two paths with one id are two files of one track."""
    holds: Callable[[str, str], bool]
    """Whether the file at a path has this audio: asked only if its audio turns up at another path."""


class Identities:
    """Gives ids to the files of one source, none of them twice.

    Parameters
    ----------
    catalogue
        What is stored.
    listed
        What the source lists.
    is_free
        Whether nothing is known under an id in the whole catalogue; asked before ``<id>~2`` is given.
    """

    def __init__(
        self, catalogue: Catalogue, listed: Listed, is_free: Callable[[str], bool] = lambda _track_id: True
    ) -> None:
        self._catalogue = catalogue
        self._listed = listed
        self._listed_ids = frozenset(listed.ids.values())
        self._is_free = is_free
        self._given: dict[str, str] = {}
        self._first_vacant: dict[str, int] = {}

    def identify(self, file: SourceFile, is_same_recording: Callable[[StoredTrack], bool]) -> Identity:
        """Decide which id a file gets.

        Parameters
        ----------
        is_same_recording
            Whether the file certainly is the same recording as a stored track with other audio.
        """
        identity = self._same_audio(file) or self._same_recording(file, is_same_recording) or self._other(file)
        if identity.outcome is not Outcome.TAKEN:
            self._given[identity.track_id] = file.path
        return identity

    def _same_audio(self, file: SourceFile) -> Identity | None:
        here = self._catalogue.at(file.path)
        were_here = [
            track
            for track in self._catalogue.all_at(file.path)
            if track.audio_sha256 == file.audio_sha256 and self._is_vacant(track, file)
        ]
        best = max(were_here, key=lambda track: (track is here, track.time), default=None) or self._vacated(file)
        if best is None:
            return None
        if best is here and not self._is_outdated(best, file):
            return Identity(best.track_id, Outcome.UNCHANGED, best)
        returned = best.deleted or best.path == file.path
        return Identity(best.track_id, Outcome.RETURNED if returned else Outcome.MOVED, best)

    def _is_outdated(self, track: StoredTrack, file: SourceFile) -> bool:
        """Whether another file of the track was taken after this one: then that one's record tells the id."""
        others = (self._catalogue.at(path) for path in file.others)
        return any(other is not None and _newer(other, track) for other in others)

    def _vacated(self, file: SourceFile) -> StoredTrack | None:
        """A track of the source that has the file's audio, and whose own file is gone or has other audio now.

        Each track is looked at until it is known not to be vacant, so that thousands of copies cost no more than one
        look each.
        """
        suggested = self._catalogue.by_id.get(file.listed_id)
        if suggested is not None and suggested.audio_sha256 == file.audio_sha256 and self._is_own(suggested, file):
            return suggested
        tracks = self._catalogue.with_audio(file.audio_sha256)
        first = self._first_vacant.get(file.audio_sha256, 0)
        while first < len(tracks) and not self._is_vacant(tracks[first], file):
            first += 1
        self._first_vacant[file.audio_sha256] = first
        return tracks[first] if first < len(tracks) else None

    def _same_recording(self, file: SourceFile, is_same_recording: Callable[[StoredTrack], bool]) -> Identity | None:
        suggested = self._catalogue.by_id.get(file.listed_id)
        for track in (self._catalogue.at(file.path), suggested):
            if track is None or track.deleted or not self._is_own(track, file):
                continue
            if is_same_recording(track):
                return Identity(track.track_id, Outcome.CHANGED, track)
        return None

    def _other(self, file: SourceFile) -> Identity:
        suggested = self._catalogue.by_id.get(file.listed_id)
        if suggested is not None and not self._catalogue.source.owns(suggested.source):
            same = suggested.audio_sha256 == file.audio_sha256
            return Identity(file.listed_id, Outcome.ADOPTED if same else Outcome.TAKEN, suggested)
        if self._catalogue.with_audio(file.audio_sha256):
            outcome = Outcome.COPIED
        else:
            outcome = Outcome.ADDED if self._catalogue.at(file.path) is None else Outcome.REPLACED
        free = suggested is None and file.listed_id not in self._given
        return Identity(file.listed_id if free else self._free_id(file.listed_id), outcome)

    def _is_own(self, track: StoredTrack, file: SourceFile) -> bool:
        """Whether the track is the source's own, and no other file has it."""
        return self._catalogue.source.owns(track.source) and self._is_vacant(track, file)

    def _is_vacant(self, track: StoredTrack, file: SourceFile) -> bool:
        """Whether no other file has the track: its path is this file's, or gone, or has other audio now."""
        if self._given.get(track.track_id, file.path) != file.path:
            return False
        if track.deleted or self._listed.ids.get(track.path, file.listed_id) == file.listed_id:
            return True  # gone, or a file of the same track, such as song.mp3 beside song.flac
        return not self._listed.holds(track.path, track.audio_sha256)

    def _free_id(self, listed_id: str) -> str:
        for number in count(2):
            track_id = f"{listed_id}~{number}"
            known = track_id in self._catalogue.by_id or track_id in self._given or track_id in self._listed_ids
            if not known and self._is_free(track_id):
                return track_id
        raise AssertionError("counting never ends")
