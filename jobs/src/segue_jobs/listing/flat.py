"""Any CSV with one header row: columns by a map, or guessed by their usual names."""

from __future__ import annotations

import re
from collections.abc import Mapping

from segue_jobs.listing import cells
from segue_jobs.listing.csv_file import CsvFile
from segue_jobs.listing.layout import ID, PATH, Cells, Layout, missing_column, shown
from segue_jobs.listing.track_ids import JoinBy
from segue_jobs.records import Metadata
from segue_jobs.runtime.program import ConfigurationError

USUAL_NAMES: Mapping[str, tuple[str, ...]] = {
    ID: ("id", "track_id", "song_id"),
    PATH: ("path", "file", "filename", "file_path", "audio_path", "audio", "location"),
    "title": ("title", "track_title", "track_name", "song_title", "song_name", "song", "name"),
    "artist": ("artist", "artist_name", "artists", "performer", "band", "album_artist"),
    "album": ("album", "album_title", "album_name", "release"),
    "genre": ("genre", "genres", "genre_top", "top_genre"),
    "year": ("year", "release_year", "date", "release_date"),
    "duration": ("duration", "duration_seconds", "track_duration", "length", "seconds"),
}
"""Field -> column names that are taken for it where no map is given, the best first."""


def flat_layout(csv: CsvFile, column_map: Mapping[str, str]) -> Layout:
    """Layout of a flat CSV; fields that the map does not name are guessed.

    Rows are joined by their path where there is such a column, else by their id, which files are called after.

    Raises
    ------
    ConfigurationError
        The map names an unknown field or a missing column, or there is neither an id nor a path.
    """
    there = {name: position for position, name in reversed(list(enumerate(csv.header[0])))}
    for field, name in column_map.items():
        if field not in USUAL_NAMES:
            raise ConfigurationError(f"the column map names an unknown field {field!r}; known: {shown(USUAL_NAMES)}")
        if name not in there:
            raise missing_column(csv.path, name, csv.header[0], f"The column map wants it for {field!r}: correct it.")
    guessed = _guess({name: position for name, position in there.items() if name not in column_map.values()})
    if PATH not in column_map and ID in column_map:
        guessed.pop(PATH, None)  # who names the id alone wants files to be found by it
    columns = guessed | {field: there[name] for field, name in column_map.items()}
    if not {ID, PATH} & columns.keys():
        raise missing_column(
            csv.path, ID, csv.header[0], "Say which column holds the id or the path: spec.source.metadata.columns."
        )
    join_by = JoinBy.PATH if PATH in columns else JoinBy.STEM
    return Layout(columns, 1, join_by, _metadata)


def _guess(there: Mapping[str, int]) -> dict[str, int]:
    plain = {re.sub(r"[\W_]", "", name).lower(): position for name, position in there.items()}
    guessed = {}
    for field, names in USUAL_NAMES.items():
        found = next((key for name in names if (key := name.replace("_", "")) in plain), None)
        if found is not None:
            guessed[field] = plain[found]
    return guessed


def _metadata(row: Cells) -> Metadata:
    return Metadata(
        title=cells.text(row.get("title", "")),
        artist=cells.text(row.get("artist", "")),
        album=cells.text(row.get("album", "")),
        genres=cells.genres(row.get("genre", "")),
        year=cells.year(row.get("year", "")),
        duration_seconds=cells.seconds(row.get("duration", "")),
    )
