"""``tracks.csv`` and ``raw_tracks.csv`` of the Free Music Archive data set (https://github.com/mdeff/fma)."""

from __future__ import annotations

from segue_core.store.records import Metadata
from segue_jobs.listing import cells
from segue_jobs.listing.csv_file import CsvFile
from segue_jobs.listing.csv_layout import ID, Cells, CsvLayout, missing_column
from segue_jobs.listing.genre_tree import GenreTree
from segue_jobs.listing.track_ids import JoinBy

_GROUPS = frozenset(("album", "artist", "set", "track"))
_TRACKS_REQUIRED = {"title": ("track", "title"), "artist": ("artist", "name")}
_TRACKS_OPTIONAL = {
    "album": ("album", "title"),
    "released": ("album", "date_released"),
    "recorded": ("track", "date_recorded"),
    "duration": ("track", "duration"),
    "genre_top": ("track", "genre_top"),
    "genres": ("track", "genres"),
    "number": ("track", "number"),
}
_RAW_REQUIRED = {ID: "track_id", "title": "track_title", "artist": "artist_name"}
_RAW_OPTIONAL = {
    "album": "album_title",
    "recorded": "track_date_recorded",
    "duration": "track_duration",
    "genres": "track_genres",
    "number": "track_number",
    "disc": "track_disc_number",
}


def is_tracks(csv: CsvFile) -> bool:
    """Whether this is ``tracks.csv``: a row of groups above the names, and a third line with only the index's name."""
    groups = {name for name in csv.header[0] if name}
    return bool(groups) and groups <= _GROUPS and len(csv.header) > 1


def is_raw_tracks(csv: CsvFile) -> bool:
    """Whether this is ``raw_tracks.csv``, possibly with fewer columns."""
    return set(_RAW_REQUIRED.values()) <= set(csv.header[0])


def tracks_layout(csv: CsvFile) -> CsvLayout:
    """Layout of ``tracks.csv``, whose header has two levels; a ``genres.csv`` next to it has titles and tree of genres.

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
            way_out = "FmaTracks needs FMA's tracks.csv; for other CSVs, use --metadata-format=Flat."
            raise missing_column(csv.path, ".".join(pair), (".".join(found) for found in there), way_out)
        columns[cell] = there[pair]
    columns |= {cell: there[pair] for cell, pair in _TRACKS_OPTIONAL.items() if pair in there}
    has_index_line = len(csv.header) > 2 and csv.header[2][0] == "track_id"
    tree = GenreTree.beside(csv.path)
    return CsvLayout(columns, 3 if has_index_line else 2, JoinBy.NUMBER, lambda row: _tracks_metadata(row, tree))


def _tracks_metadata(row: Cells, tree: GenreTree) -> Metadata:
    numbers = cells.literal(row.get("genres", ""))
    return _metadata(row, tree.of_numbers(numbers, first=row.get("genre_top", "")))


def raw_tracks_layout(csv: CsvFile) -> CsvLayout:
    """Layout of ``raw_tracks.csv``, which has one header row; a ``genres.csv`` next to it says what is above a genre.

    Raises
    ------
    ConfigurationError
        A column is missing.
    """
    there = csv.positions
    for name in _RAW_REQUIRED.values():
        if name not in there:
            way_out = "FmaRawTracks needs FMA's raw_tracks.csv; for other CSVs, use --metadata-format=Flat."
            raise missing_column(csv.path, name, csv.header[0], way_out)
    known = _RAW_REQUIRED | _RAW_OPTIONAL
    columns = {cell: there[name] for cell, name in known.items() if name in there}
    tree = GenreTree.beside(csv.path)
    return CsvLayout(columns, 1, JoinBy.NUMBER, lambda row: _raw_metadata(row, tree))


def _raw_metadata(row: Cells, tree: GenreTree) -> Metadata:
    return _metadata(row, tree.of_titles(cells.genres(row.get("genres", ""))))


def _metadata(row: Cells, genres: tuple[str, ...]) -> Metadata:
    return Metadata(
        title=cells.text(row["title"]),
        artist=cells.text(row["artist"]),
        album=cells.text(row.get("album", "")),
        genres=genres,
        year=cells.year(row.get("released", "")) or cells.year(row.get("recorded", "")),
        duration_seconds=cells.seconds(row.get("duration", "")),
        disc_number=cells.count(row.get("disc", "")),
        track_number=cells.count(row.get("number", "")),
    )
