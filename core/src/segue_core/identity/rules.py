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

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import count

from segue_core.identity.catalogue import Catalogue, StoredTrack, is_newer
from segue_core.identity.placement import Placement


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


@dataclass(frozen=True, kw_only=True)
class Listed:
    """What the source lists, in all shards, and what its files hold."""

    ids: Mapping[str, str]
    """Path -> suggested id; two paths with one id are two files of one track."""
    holds: Callable[[str, str], bool]
    """Whether the file at a path has this audio: asked only if its audio turns up at another path."""
    may_hold: Callable[[str], Iterable[str]] | None = None
    """Paths outside of which nothing has this audio; None for all paths. It saves calls of ``holds``."""

    def holders(self, audio_sha256: str) -> list[str]:
        """Paths that have this audio, in an order that every shard knows."""
        candidates = self.ids if self.may_hold is None else self.may_hold(audio_sha256)
        return [path for path in sorted(candidates) if self.holds(path, audio_sha256)]


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
        self._placements: dict[str, Placement] = {}

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
        if here is not None and here.audio_sha256 == file.audio_sha256:
            best: StoredTrack | None = here
        else:
            best = self._placement(file.audio_sha256).of(file.path, file.listed_id)
        if best is None or self._given.get(best.track_id, file.path) != file.path:
            return None
        if best is here and not self._is_outdated(best, file):
            return Identity(best.track_id, Outcome.UNCHANGED, best)
        returned = best.deleted or best.path == file.path
        return Identity(best.track_id, Outcome.RETURNED if returned else Outcome.MOVED, best)

    def _placement(self, audio_sha256: str) -> Placement:
        known = self._catalogue.with_audio(audio_sha256)
        placement = self._placements.get(audio_sha256)
        if placement is None or placement.known != len(known):  # the catalogue grows while it is used
            holders = self._listed.holders(audio_sha256) if known else []
            placement = Placement(self._catalogue, audio_sha256, self._listed.ids, holders)
            self._placements[audio_sha256] = placement
        return placement

    def _is_outdated(self, track: StoredTrack, file: SourceFile) -> bool:
        """Whether another file of the track was taken after this one: then that one's record tells the id."""
        others = (self._catalogue.at(path) for path in file.others)
        return any(other is not None and is_newer(other, track) for other in others)

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
        if self._placement(track.audio_sha256).path_of(track) not in (None, file.path):
            return False  # its very audio comes before another encoding of it
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
