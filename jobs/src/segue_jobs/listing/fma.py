"""``tracks.csv`` and ``raw_tracks.csv`` of the Free Music Archive data set (https://github.com/mdeff/fma)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from segue_jobs.listing import cells
from segue_jobs.listing.csv_file import CsvFile, open_csv
from segue_jobs.listing.layout import ID, Cells, Layout, missing_column
from segue_jobs.listing.track_ids import JoinBy
from segue_jobs.records import Metadata

_GROUPS = frozenset(("album", "artist", "set", "track"))
_TRACKS_REQUIRED = {"title": ("track", "title"), "artist": ("artist", "name")}
_TRACKS_OPTIONAL = {
    "album": ("album", "title"),
    "released": ("album", "date_released"),
    "recorded": ("track", "date_recorded"),
    "duration": ("track", "duration"),
    "genre_top": ("track", "genre_top"),
    "genres": ("track", "genres"),
}
_RAW_REQUIRED = {ID: "track_id", "title": "track_title", "artist": "artist_name"}
_RAW_OPTIONAL = {
    "album": "album_title",
    "recorded": "track_date_recorded",
    "duration": "track_duration",
    "genres": "track_genres",
}


def is_tracks(csv: CsvFile) -> bool:
    """Whether this is ``tracks.csv``: groups above names, and a third line that holds the index's name alone."""
    groups = {name for name in csv.header[0] if name}
    return bool(groups) and groups <= _GROUPS and len(csv.header) > 1


def is_raw_tracks(csv: CsvFile) -> bool:
    """Whether this is ``raw_tracks.csv``, or a part of its columns."""
    return set(_RAW_REQUIRED.values()) <= set(csv.header[0])


def tracks_layout(csv: CsvFile) -> Layout:
    """Layout of ``tracks.csv``, whose header has two levels; genres get their titles from a ``genres.csv`` beside it.

    Raises
    ------
    ConfigurationError
        A column is missing.
    """
    names = csv.header[1] if len(csv.header) > 1 else ()
    there = {pair: position for position, pair in enumerate(zip(csv.header[0], names, strict=False)) if position}
    columns = {ID: 0}
    for cell, pair in _TRACKS_REQUIRED.items():
        if pair not in there:
            way_out = "With --metadata-format=FmaTracks give FMA's tracks.csv, with Flat any CSV of one header row."
            raise missing_column(csv.path, ".".join(pair), (".".join(found) for found in there), way_out)
        columns[cell] = there[pair]
    columns |= {cell: there[pair] for cell, pair in _TRACKS_OPTIONAL.items() if pair in there}
    has_index_line = len(csv.header) > 2 and csv.header[2][0] == "track_id"
    titles = _genre_titles(csv.path.with_name("genres.csv"))
    return Layout(columns, 3 if has_index_line else 2, JoinBy.NUMBER, lambda row: _tracks_metadata(row, titles))


def _tracks_metadata(row: Cells, titles: Mapping[str, str]) -> Metadata:
    numbers = (str(number) for number in cells.literal(row.get("genres", "")))
    genres = (row.get("genre_top", ""), *(titles[number] for number in numbers if number in titles))
    return _metadata(row, cells.distinct(genres))


def raw_tracks_layout(csv: CsvFile) -> Layout:
    """Layout of ``raw_tracks.csv``, which has one header row.

    Raises
    ------
    ConfigurationError
        A column is missing.
    """
    there = {name: position for position, name in reversed(list(enumerate(csv.header[0])))}
    for name in _RAW_REQUIRED.values():
        if name not in there:
            way_out = "With --metadata-format=FmaRawTracks give FMA's raw_tracks.csv, with Flat any CSV."
            raise missing_column(csv.path, name, csv.header[0], way_out)
    known = _RAW_REQUIRED | _RAW_OPTIONAL
    columns = {cell: there[name] for cell, name in known.items() if name in there}
    return Layout(columns, 1, JoinBy.NUMBER, lambda row: _metadata(row, cells.genres(row.get("genres", ""))))


def _metadata(row: Cells, genres: tuple[str, ...]) -> Metadata:
    return Metadata(
        title=cells.text(row["title"]),
        artist=cells.text(row["artist"]),
        album=cells.text(row.get("album", "")),
        genres=genres,
        year=cells.year(row.get("released", "")) or cells.year(row.get("recorded", "")),
        duration_seconds=cells.seconds(row.get("duration", "")),
    )


def _genre_titles(path: Path) -> dict[str, str]:
    """Titles by genre number; empty without a ``genres.csv``. Parents are not followed: they may form cycles."""
    if not path.is_file():
        return {}
    csv = open_csv(path)
    there = {name: position for position, name in enumerate(csv.header[0])}
    if not {"genre_id", "title"} <= there.keys():
        return {}
    columns = {name: there[name] for name in ("genre_id", "title")}
    return {row["genre_id"].strip(): row["title"] for _, row in csv.rows(columns, header_rows=1)}
