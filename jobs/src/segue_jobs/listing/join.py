"""Joins files and rows into one listing, in which each file and each row appears exactly once. No I/O."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from segue_core.contract import MetadataFormat, Reason, RowsWithoutAudio, Stage
from segue_core.contract.wording import shorten
from segue_jobs.listing.audio_files import AudioFile
from segue_jobs.listing.claims import Claims
from segue_jobs.listing.file_index import FileIndex
from segue_jobs.listing.listed_tracks import ListedTrack, Listing, Problem
from segue_jobs.listing.metadata import MetadataTable, Row
from segue_jobs.listing.songs import Song, songs_of
from segue_jobs.listing.track_ids import JoinBy, id_of_file, id_of_path, printable, without_extension

_FMA = (MetadataFormat.FMA_TRACKS, MetadataFormat.FMA_RAW_TRACKS)
_SHOWN = 300
"""Characters of a path in a message."""


def join(files: Sequence[AudioFile], table: MetadataTable, rows_without_audio: RowsWithoutAudio) -> Listing:
    """Join in the way that the table's format prescribes.

    The first row with an id and the first file with a name win; the others are listed as ``DuplicateId`` with ids of
    their own: ``<id>#2`` and so on. Ids that are the same number, such as 007 and 7, count as one, unless each has a
    file of exactly its name.
    """
    ignore = rows_without_audio is RowsWithoutAudio.IGNORE or (
        rows_without_audio is RowsWithoutAudio.AUTO and table.format in _FMA
    )
    songs = songs_of(files)
    index = FileIndex(songs, table.join_by)
    claims = Claims(index, table)
    tracks: list[ListedTrack] = []
    ignored = 0
    for row in table.rows:
        file, problem = claims.file(row), claims.problem(row)
        if file is None and problem is None and ignore:
            ignored += 1
        else:
            tracks.append(_track_of_row(row, file, claims.alternatives(row), problem))
    claimed = {path: track.path or "" for track in tracks for path in track.candidates}
    names = {index.key(path): path for path in claimed.values()}
    unclaimed = (tuple(file for file in song.files if file.path not in claimed) for song in songs)
    tracks.extend(_track_without_row(Song(left), table.join_by, names, index) for left in unclaimed if left)
    return Listing(_with_unique_ids(tracks), ignored)


def list_by_path(files: Iterable[AudioFile]) -> Listing:
    """List files without a CSV: the id is the path without the extension."""
    songs = songs_of(files)
    names: dict[str, str] = {}
    # Songs that are called exactly like their id come first: a new file with a stranger name takes no id away.
    for song in sorted(songs, key=lambda song: without_extension(song.best.path) != id_of_path(song.best.path)):
        names.setdefault(id_of_path(song.best.path), song.best.path)
    tracks = []
    for song in songs:
        track_id = id_of_path(song.best.path)
        tracks.append(_track(track_id, song, song.problem or _same_name(song, names[track_id])))
    return Listing(_with_unique_ids(tracks))


def _track(track_id: str, song: Song, problem: Problem | None) -> ListedTrack:
    path, *others = (file.path for file in song.files)
    return ListedTrack(track_id, path, problem=problem, alternatives=tuple(others))


def _track_of_row(
    row: Row, file: AudioFile | None, others: Sequence[AudioFile], problem: Problem | None
) -> ListedTrack:
    track = ListedTrack(row.track_id, None, row.metadata)
    if file is None:
        return dataclasses.replace(track, problem=problem or _no_audio(row))
    song = Song(tuple(sorted((file, *others), key=lambda file: file.problem is not None)))
    path, *alternatives = (file.path for file in song.files)
    return dataclasses.replace(track, path=path, alternatives=tuple(alternatives), problem=problem or song.problem)


def _no_audio(row: Row) -> Problem:
    looked_for = f"is named {shorten(row.path, _SHOWN)}" if row.path else f"is called {shorten(row.track_id, _SHOWN)}"
    return Problem(Stage.JOIN, Reason.NO_AUDIO, f"no audio file {looked_for}")


def _track_without_row(song: Song, join_by: JoinBy, names: dict[str, str], index: FileIndex) -> ListedTrack:
    path = song.best.path
    track_id = id_of_file(path, join_by)
    if track_id is None:
        message = "FMA files are named after their track's number, for example 000/000002.mp3"
        return _track(id_of_path(path), song, song.problem or Problem(Stage.LIST, Reason.BAD_NAME, message))
    problem = song.problem or _same_name(song, names.setdefault(index.key(path), path))
    problem = problem or Problem(Stage.JOIN, Reason.NO_METADATA, "no metadata row belongs to this file")
    return _track(track_id, song, problem)


def _same_name(song: Song, first: str) -> Problem | None:
    if first == song.best.path:
        return None
    message = f"{shorten(printable(first), _SHOWN)} has the same id: rename or remove one of them"
    return Problem(Stage.JOIN, Reason.DUPLICATE_ID, message)


def _with_unique_ids(tracks: Sequence[ListedTrack]) -> tuple[ListedTrack, ...]:
    """Tracks ordered by id; a usable track keeps its id, a rejected one may get a suffix."""
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
        unique.append(track if track_id == track.track_id else dataclasses.replace(track, track_id=track_id))
    return tuple(sorted(unique, key=lambda track: track.track_id))
