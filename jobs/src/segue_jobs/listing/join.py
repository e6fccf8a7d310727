"""Files and rows to one listing: each file and each row is accounted for exactly once. No I/O."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from segue_jobs.contract import MetadataFormat, Reason, RowsWithoutAudio, Stage
from segue_jobs.listing.audio_files import AudioFile
from segue_jobs.listing.metadata import MetadataTable, Row
from segue_jobs.listing.model import ListedTrack, Listing, Problem
from segue_jobs.listing.track_ids import JoinBy, id_of_file, id_of_path

_FMA = (MetadataFormat.FMA_TRACKS, MetadataFormat.FMA_RAW_TRACKS)


def join(files: Sequence[AudioFile], table: MetadataTable, rows_without_audio: RowsWithoutAudio) -> Listing:
    """Join by what the table's format says.

    The first row of an id and the first file of a name win; the others are listed as ``DuplicateId`` under an id of
    their own, ``<id>#2`` and so on.
    """
    ignore = rows_without_audio is RowsWithoutAudio.IGNORE or (
        rows_without_audio is RowsWithoutAudio.AUTO and table.format in _FMA
    )
    index = _FileIndex(files, table.join_by)
    seen: dict[str, int] = {}
    claimed: dict[str, int] = {}
    tracks: list[ListedTrack] = []
    ignored = 0
    for row in table.rows:
        file = None if row.problem else index.find(row)
        if file is None and row.problem is None and ignore:
            ignored += 1
            continue
        track = _track_of_row(row, file, seen, claimed)
        tracks.append(track)
        if track.path is not None:
            claimed[track.path] = row.number
    names = {index.key(path): path for path in claimed}
    unclaimed = (file for file in files if file.path not in claimed)
    tracks.extend(_track_without_row(file, table.join_by, names) for file in unclaimed)
    return Listing(_with_unique_ids(tracks), ignored)


def list_by_path(files: Iterable[AudioFile]) -> Listing:
    """Files without a CSV: the id is the path without its extension."""
    names: dict[str, str] = {}
    tracks = []
    for file in files:
        track_id = id_of_path(file.path)
        problem = file.problem or _same_name(file, names.setdefault(track_id, file.path))
        tracks.append(ListedTrack(track_id, file.path, problem=problem))
    return Listing(_with_unique_ids(tracks))


class _FileIndex:
    """Files by what rows call them."""

    def __init__(self, files: Sequence[AudioFile], join_by: JoinBy) -> None:
        self._join_by = join_by
        self._by_key: dict[str, AudioFile] = {}
        self._by_name: defaultdict[str, list[AudioFile]] = defaultdict(list)
        for file in files:
            if not file.path.endswith("/"):
                self._by_key.setdefault(self.key(file.path) or file.path, file)
                self._by_name[_composed(PurePosixPath(file.path).name)].append(file)

    def key(self, path: str) -> str:
        """What a row must say to mean this file; a file without a usable name has its path."""
        if self._join_by is JoinBy.PATH:
            return _composed(path)
        return id_of_file(path, self._join_by) or path

    def find(self, row: Row) -> AudioFile | None:
        """File of a row; a path without a folder may also name a file anywhere, if there is only one of that name."""
        if row.path is None:
            return self._by_key.get(row.track_id)
        named = self._by_name.get(row.path, []) if "/" not in row.path else []
        return self._by_key.get(row.path) or (named[0] if len(named) == 1 else None)


def _composed(path: str) -> str:
    return unicodedata.normalize("NFC", path)


def _track_of_row(row: Row, file: AudioFile | None, seen: dict[str, int], claimed: dict[str, int]) -> ListedTrack:
    track = ListedTrack(row.track_id, None, row.metadata)
    if row.problem:
        return dataclasses.replace(track, problem=row.problem)
    first = seen.setdefault(row.track_id, row.number)
    if first != row.number:
        message = f"row {row.number} has the id of row {first}: give each track an id of its own"
        return dataclasses.replace(track, problem=Problem(Stage.JOIN, Reason.DUPLICATE_ID, message))
    if file is None:
        looked_for = f"is named {row.path}" if row.path else f"is called {row.track_id}"
        message = f"no audio file {looked_for}"
        return dataclasses.replace(track, problem=Problem(Stage.JOIN, Reason.NO_AUDIO, message))
    if file.path in claimed:
        message = f"row {row.number} names the file of row {claimed[file.path]}"
        return dataclasses.replace(track, problem=Problem(Stage.JOIN, Reason.DUPLICATE_ID, message))
    return dataclasses.replace(track, path=file.path, problem=file.problem)


def _track_without_row(file: AudioFile, join_by: JoinBy, names: dict[str, str]) -> ListedTrack:
    track_id = id_of_file(file.path, join_by)
    if track_id is None:
        message = "an FMA file is called by its track's number, such as 000/000002.mp3"
        bad_name = file.problem or Problem(Stage.LIST, Reason.BAD_NAME, message)
        return ListedTrack(id_of_path(file.path), file.path, problem=bad_name)
    key = _composed(file.path) if join_by is JoinBy.PATH else track_id
    problem = file.problem or _same_name(file, names.setdefault(key, file.path))
    problem = problem or Problem(Stage.JOIN, Reason.NO_METADATA, "no metadata row belongs to this file")
    return ListedTrack(track_id, file.path, problem=problem)


def _same_name(file: AudioFile, first: str) -> Problem | None:
    if first == file.path:
        return None
    return Problem(Stage.JOIN, Reason.DUPLICATE_ID, "another file has the same id: keep one of them")


def _with_unique_ids(tracks: Sequence[ListedTrack]) -> tuple[ListedTrack, ...]:
    """Tracks ordered by id; a usable track has its id before any that is rejected."""
    wanted = {track.track_id for track in tracks}
    used: set[str] = set()
    counts: dict[str, int] = {}
    unique = []
    for track in sorted(tracks, key=lambda track: track.problem is not None):
        track_id = track.track_id
        while track_id in used or (track_id in wanted and track_id != track.track_id):
            counts[track.track_id] = counts.get(track.track_id, 1) + 1
            track_id = f"{track.track_id}#{counts[track.track_id]}"
        used.add(track_id)
        unique.append(dataclasses.replace(track, track_id=track_id))
    return tuple(sorted(unique, key=lambda track: track.track_id))
