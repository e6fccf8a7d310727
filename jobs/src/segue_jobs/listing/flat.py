"""Any CSV with one header row: a column map names the columns, or they are guessed from their usual names."""

from __future__ import annotations

import re
from collections.abc import Mapping

from segue_core.errors import ConfigurationError
from segue_core.store.facts import MusicBrainzIds, SortNames
from segue_core.store.records import Metadata
from segue_jobs.listing import cells
from segue_jobs.listing.csv_file import CsvFile
from segue_jobs.listing.csv_layout import ID, PATH, Cells, CsvLayout, missing_column, shown
from segue_jobs.listing.track_ids import JoinBy

USUAL_NAMES: Mapping[str, tuple[str, ...]] = {
    ID: ("id", "track_id", "song_id"),
    PATH: ("path", "file", "filename", "file_path", "audio_path", "audio", "location"),
    "title": ("title", "track_title", "track_name", "song_title", "song_name", "song", "name"),
    "artist": ("artist", "artist_name", "artists", "performer", "band", "album_artist"),
    "album": ("album", "album_title", "album_name", "release"),
    "genre": ("genre", "genres", "genre_top", "top_genre", "track_genre"),
    "year": ("year", "release_year", "date", "release_date"),
    "duration": ("duration", "duration_seconds", "track_duration", "length", "seconds", "duration_ms"),
    "albumArtist": ("album_artist", "album_artists"),
    "disc": ("disc_number", "disc", "disk_number", "track_disc_number"),
    "track": ("track_number", "track_no", "track_position"),
    "sortTitle": ("title_sort", "sort_title", "sort_name"),
    "sortArtist": ("artist_sort", "sort_artist"),
    "sortAlbum": ("album_sort", "sort_album"),
    "sortAlbumArtist": ("album_artist_sort", "sort_album_artist"),
    "recordingId": ("musicbrainz_track_id", "musicbrainz_recording_id", "recording_mbid", "mbid", "mb_track_id"),
    "releaseId": ("musicbrainz_album_id", "musicbrainz_release_id", "release_mbid", "mb_album_id"),
    "isrc": ("isrc", "isrcs"),
}
"""Field -> column names that are recognised without a map, best first."""

_MILLISECONDS = re.compile(r"(^|[\W_])(ms|millis|milliseconds)$")
"""What the name of a column says about its unit."""


def flat_layout(csv: CsvFile, column_map: Mapping[str, str]) -> CsvLayout:
    """Layout of a flat CSV; columns of fields that the map does not name are guessed.

    Rows are joined with files by path if there is such a column, else by id, which must be the file's name.

    Raises
    ------
    ConfigurationError
        The map names an unknown field or a missing column, or there is neither an id nor a path.
    """
    there = csv.positions
    for field, name in column_map.items():
        if field not in USUAL_NAMES:
            raise ConfigurationError(f"the column map names an unknown field {field!r}; use {shown(USUAL_NAMES)}")
        if name not in there:
            raise missing_column(csv.path, name, csv.header[0], f"Correct the column map for {field!r}.")
    guessed = _guess({name: position for name, position in there.items() if name not in column_map.values()})
    if PATH not in column_map and ID in column_map:
        guessed.pop(PATH, None)  # a map that names only the id means that files are found by it
    columns = guessed | {field: there[name] for field, name in column_map.items()}
    if not {ID, PATH} & columns.keys():
        raise missing_column(
            csv.path, ID, csv.header[0], "Set spec.source.metadata.columns to the column with the id or the path."
        )
    join_by = JoinBy.PATH if PATH in columns else JoinBy.STEM
    in_milliseconds = "duration" in columns and bool(_MILLISECONDS.search(csv.header[0][columns["duration"]].lower()))
    return CsvLayout(columns, 1, join_by, lambda row: _metadata(row, in_milliseconds=in_milliseconds))


def _guess(there: Mapping[str, int]) -> dict[str, int]:
    plain = {re.sub(r"[\W_]", "", name).lower(): position for name, position in there.items()}
    guessed = {}
    for field, names in USUAL_NAMES.items():
        found = next((key for name in names if (key := name.replace("_", "")) in plain), None)
        if found is not None:
            guessed[field] = plain[found]
    return guessed


def _metadata(row: Cells, *, in_milliseconds: bool) -> Metadata:
    return Metadata(
        title=cells.text(row.get("title", "")),
        artist=cells.names(row.get("artist", "")),
        album=cells.text(row.get("album", "")),
        genres=cells.genres(row.get("genre", "")),
        year=cells.year(row.get("year", "")),
        duration_seconds=cells.seconds(row.get("duration", ""), in_milliseconds=in_milliseconds),
        album_artist=cells.names(row.get("albumArtist", "")),
        disc_number=cells.count(row.get("disc", "")),
        track_number=cells.count(row.get("track", "")),
        sort=SortNames(
            title=cells.text(row.get("sortTitle", "")),
            artist=cells.text(row.get("sortArtist", "")),
            album=cells.text(row.get("sortAlbum", "")),
            album_artist=cells.text(row.get("sortAlbumArtist", "")),
        ),
        music_brainz=MusicBrainzIds(
            recording=next(iter(cells.music_brainz_ids(row.get("recordingId", ""))), None),
            release=next(iter(cells.music_brainz_ids(row.get("releaseId", ""))), None),
        ),
        isrcs=cells.isrcs(row.get("isrc", "")),
    )
