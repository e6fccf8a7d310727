"""Which id each file of a shard gets: the rules of identity, with what they must know of the database and the files."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from segue_core.contract import ANALYSED_FAMILIES, Family, Reason, Stage
from segue_core.errors import ProgramError
from segue_core.features.recipes import covers, restrict
from segue_core.identity.catalogue import Catalogue, Source, StoredTrack
from segue_core.identity.recording import Sound, is_same_recording
from segue_core.identity.rules import Identities, Identity, Listed, Outcome, SourceFile
from segue_core.identity.stored_tracks import deleted_tracks, stored_track
from segue_core.store.records import TrackRecord
from segue_core.store.tracks import TrackRow
from segue_jobs.extract.analyse import AlreadyDone, Analysis, Complement
from segue_jobs.extract.file_stamp import stamp_of
from segue_jobs.extract.known_tracks import KnownTracks
from segue_jobs.extract.payload import payload_sha256
from segue_jobs.listing.listed_tracks import ListedTrack, Listing, Problem
from segue_jobs.listing.track_ids import printable

Result = Analysis | Complement | AlreadyDone | TrackRow


class ShardIdentities:
    """Gives ids to the files of one shard.

    Parameters
    ----------
    known
        What is stored.
    source, root
        The source of the files, and the folder that holds them.
    listing
        All tracks of the source: a shard must know which paths are gone.
    tracks
        The shard's usable tracks.
    recipe, minimum_seconds
        A stored track is done if its recipe covers this one, and if it has at least this length.
    """

    def __init__(
        self,
        known: KnownTracks,
        source: Source,
        root: Path,
        listing: Listing,
        tracks: Sequence[ListedTrack],
        *,
        recipe: str,
        minimum_seconds: float,
    ) -> None:
        self._known = known
        self._root = root
        self._recipe = recipe
        self._minimum_seconds = minimum_seconds
        self._paths = {printable(path): path for track in listing.tracks for path in track.candidates}
        self._hashes: dict[str, str | None] = {}
        self._with_audio: defaultdict[str, list[str]] = defaultdict(list)
        self.rows: dict[str, TrackRow] = {}
        """Id -> what is stored under it, as far as it was looked up."""
        self._catalogue = Catalogue(source, ())
        ids = {printable(path): track.track_id for track in listing.tracks for path in track.candidates}
        listed = Listed(ids=ids, holds=self._holds, may_hold=self._may_hold)
        self._identities = Identities(self._catalogue, listed, known.is_free)
        self._add(known.with_ids(track.track_id for track in tracks))
        hidden = known.hidden()
        for track in deleted_tracks(hidden):
            self._catalogue.add(track)
        gone = {presence.track_id for presence in hidden}
        self._has_own = False
        if any(track.track_id in gone or not self._is_where_it_was(track) for track in tracks):
            self._add_own()

    @cached_property
    def done(self) -> Mapping[str, TrackRow]:
        """Audio hash -> a stored track that was analysed as this shard would; fixed once it is asked for."""
        return {row.audio_sha256: row for row in self.rows.values() if self._is_done(row)}

    @cached_property
    def analysed(self) -> Mapping[str, TrackRow]:
        """Audio hash -> a stored track that lacks only what the shard's ear hears; fixed once it is asked for."""
        return {
            row.audio_sha256: row
            for row in self.rows.values()
            if row.audio_sha256 not in self.done and self._is_analysed(row)
        }

    def identify(self, track: ListedTrack, result: Result) -> Identity:
        """The id of a file that was analysed, need not be, or is `unchanged`.

        Raises
        ------
        ProgramError
            MongoDB does not answer.
        """
        row = self.rows.get(track.track_id)
        if not self._has_own and (row is None or row.audio_sha256 != result.audio_sha256 or track.alternatives):
            self._add_own()
        others = tuple(map(printable, track.alternatives))
        file = SourceFile(track.track_id, printable(track.path or ""), result.audio_sha256, others)
        self._hashes[file.path] = result.audio_sha256
        self._with_audio[result.audio_sha256].append(file.path)
        return self._identities.identify(file, lambda stored: self._is_same(result, stored))

    def unchanged(self, track: ListedTrack) -> TrackRow | None:
        """What is stored of a track whose file has the stamp that it had then, and was analysed as this shard would."""
        path = track.path or ""
        at = self._catalogue.at(printable(path))
        row = None if at is None else self.rows.get(at.track_id)
        if row is None or row.file is None or row.file.stamp is None or not self._is_done(row):
            return None
        try:
            is_same = row.file.path == os.fsencode(path) and stamp_of(self._root / path) == row.file.stamp
        except OSError:
            return None
        return row if is_same else None

    def is_stored(self, identity: Identity, audio_sha256: str) -> bool:
        """Whether this audio is stored under this id, analysed as this shard would."""
        row = self.rows.get(identity.track_id)
        return row is not None and row.audio_sha256 == audio_sha256 and self._is_done(row)

    def analysed_record(self, identity: Identity, audio_sha256: str) -> TrackRecord:
        """The record that a `Complement` completes: the one under the id, or else one with the same audio."""
        row = self.rows.get(identity.track_id)
        if row is not None and row.audio_sha256 == audio_sha256 and self._is_analysed(row):
            return self.record(row.track_id)
        return self.record(self.analysed[audio_sha256].track_id)

    def record(self, track_id: str) -> TrackRecord:
        """The complete record of a stored track.

        Raises
        ------
        ProgramError
            It was deleted meanwhile, or MongoDB does not answer.
        """
        record = self._known.record(track_id)
        if record is None:
            raise ProgramError(f"the stored track {track_id!r} was deleted while the shard ran: a retry analyses it")
        return record

    def _add(self, rows: Sequence[TrackRow]) -> None:
        for row in rows:
            self.rows.setdefault(row.track_id, row)
            self._catalogue.add(stored_track(row))

    def _add_own(self) -> None:
        self._has_own = True
        self._add(self._known.own())

    def _is_where_it_was(self, track: ListedTrack) -> bool:
        row = self._catalogue.by_id.get(track.track_id)
        if row is None or not self._catalogue.source.owns(row.source):
            return False
        return row.path in map(printable, track.candidates)

    def _is_done(self, row: TrackRow) -> bool:
        return covers(row.recipe, self._recipe) and row.duration_seconds >= self._minimum_seconds

    def _is_analysed(self, row: TrackRow) -> bool:
        analysis = restrict(self._recipe, ANALYSED_FAMILIES)
        return covers(row.recipe, analysis) and row.duration_seconds >= self._minimum_seconds

    def _may_hold(self, audio_sha256: str) -> Iterable[str]:
        """Paths of files as large as one that has this audio: a copy, which another shard may have.

        Of a copy that was also retagged, or retagged differently, only its own shard knows; then both may get the id,
        verification finds no track for one of them, and the next batch gives that an id of its own.
        """
        rows = (self.rows[track.track_id] for track in self._catalogue.with_audio(audio_sha256) if not track.deleted)
        sizes = {row.file.size for row in rows if row.file is not None}
        mine = self._with_audio[audio_sha256]
        sizes.update(self._sizes[path] for path in mine if path in self._sizes)
        return {*mine, *(path for size in sizes for path in self._with_size.get(size, ()))}

    @cached_property
    def _sizes(self) -> Mapping[str, int]:
        """Path -> size, of all files that can be read."""
        found = {}
        for path, name in self._paths.items():
            with suppress(OSError):
                found[path] = (self._root / name).stat().st_size
        return found

    @cached_property
    def _with_size(self) -> Mapping[int, Sequence[str]]:
        paths: defaultdict[int, list[str]] = defaultdict(list)
        for path, size in self._sizes.items():
            paths[size].append(path)
        return paths

    def _holds(self, path: str, audio_sha256: str) -> bool:
        if path not in self._hashes:
            try:
                self._hashes[path] = payload_sha256(self._root / self._paths[path])
            except OSError:
                self._hashes[path] = None
        return self._hashes[path] == audio_sha256

    def _is_same(self, result: Result, stored: StoredTrack) -> bool:
        row = self.rows.get(stored.track_id)
        if row is None or not covers(row.recipe, restrict(self._recipe, ANALYSED_FAMILIES)):
            return False
        record = self._known.record(stored.track_id)
        return record is not None and is_same_recording(self._sound(result), sound_of(record))

    def _sound(self, result: Result) -> Sound:
        if not isinstance(result, Analysis):
            rows = self.analysed if isinstance(result, Complement) else self.done
            return sound_of(self.record(rows[result.audio_sha256].track_id))
        return _sound(result.audio.duration_seconds, result.families)


def sound_of(record: TrackRecord) -> Sound:
    """What two recordings are compared by."""
    return _sound(record.audio.duration_seconds, record.families)


def _sound(seconds: float, families: Mapping[Family, Sequence[float]]) -> Sound:
    return Sound(seconds, {family: tuple(vector) for family, vector in families.items()})


def taken(identity: Identity, source: str, path: str) -> Problem:
    """The rejection of a file whose id belongs to another source."""
    stored = identity.stored
    assert identity.outcome is Outcome.TAKEN
    assert stored is not None
    return Problem(
        Stage.JOIN,
        Reason.ID_TAKEN,
        f"the id {identity.track_id!r} belongs to {stored.path!r} of source {stored.source!r}, which is other music "
        f"than {path!r} of source {source!r}: set spec.source.prefix, so that the ids of the two sources differ",
    )
