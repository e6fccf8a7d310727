"""CSV files of every kind, and of every kind of damage."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from segue_jobs.contract import MetadataFormat, Reason
from segue_jobs.listing.metadata import MetadataTable, read_metadata
from segue_jobs.listing.track_ids import JoinBy
from segue_jobs.runtime.program import ConfigurationError

FMA_TRACKS = """\
,album,album,artist,set,track,track,track,track,track
,date_released,title,name,subset,bit_rate,duration,genre_top,genres,title
track_id,,,,,,,,,
2,2009-01-05 00:00:00,AWOL - A Way Of Life,AWOL,small,256000,168,Hip-Hop,[21],Food
3,,"Multi
line",AWOL,medium,-1,237,,"[21, 999]","Electric, Ave"
"""
RAW_TRACKS = """\
track_id,album_title,artist_name,track_date_recorded,track_duration,track_genres,track_title,track_url
2,AWOL,Ärtist,11/26/2008,02:48,"[{'genre_id': '21', 'genre_title': 'Hip-Hop', 'genre_url': 'u'}]",Food,u
"""


def read(
    path: Path, content: str | bytes, *, wanted: MetadataFormat = MetadataFormat.AUTO, **columns: str
) -> MetadataTable:
    path = path / "tracks.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_metadata(path, wanted, columns)


def test_fma_tracks(tmp_path: Path) -> None:
    table = read(tmp_path, FMA_TRACKS)
    assert (table.format, table.join_by) == (MetadataFormat.FMA_TRACKS, JoinBy.NUMBER)
    first, second = table.rows
    assert (first.track_id, first.metadata.title, first.metadata.artist) == ("2", "Food", "AWOL")
    assert (first.metadata.year, first.metadata.duration_seconds) == (2009, 168.0)
    assert first.metadata.genres == ("Hip-Hop",)
    assert (second.metadata.album, second.metadata.title) == ("Multi line", "Electric, Ave")


def test_fma_genres_get_their_titles_from_the_file_beside(tmp_path: Path) -> None:
    (tmp_path / "genres.csv").write_text("genre_id,#tracks,parent,title,top_level\n21,8389,0,Hip-Hop,21\n")
    assert [row.metadata.genres for row in read(tmp_path, FMA_TRACKS).rows] == [("Hip-Hop",), ("Hip-Hop",)]


def test_fma_raw_tracks(tmp_path: Path) -> None:
    table = read(tmp_path, RAW_TRACKS)
    assert (table.format, table.join_by) == (MetadataFormat.FMA_RAW_TRACKS, JoinBy.NUMBER)
    [row] = table.rows
    assert (row.track_id, row.metadata.title, row.metadata.artist) == ("2", "Food", "Ärtist")
    assert (row.metadata.duration_seconds, row.metadata.genres, row.metadata.year) == (168.0, ("Hip-Hop",), 2008)


def test_flat_by_id_with_guessed_names(tmp_path: Path) -> None:
    table = read(tmp_path, "Track ID,Track Name,Artist Name,Release Year\n007,Song,Band,1999\n")
    assert (table.format, table.join_by) == (MetadataFormat.FLAT, JoinBy.STEM)
    [row] = table.rows
    assert (row.track_id, row.metadata.title, row.metadata.artist, row.metadata.year) == ("7", "Song", "Band", 1999)


def test_flat_by_path(tmp_path: Path) -> None:
    table = read(tmp_path, "filename,title\nrock/a.mp3,Song\n")
    assert table.join_by is JoinBy.PATH
    assert (table.rows[0].track_id, table.rows[0].path) == ("rock/a", "rock/a.mp3")


def test_flat_with_a_map(tmp_path: Path) -> None:
    table = read(tmp_path, "nr,was,wer,file\n1,Lied,Gruppe,x\n", id="nr", title="was", artist="wer")
    assert table.join_by is JoinBy.STEM
    assert (table.rows[0].track_id, table.rows[0].metadata.artist) == ("1", "Gruppe")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_delimiters_and_encodings(tmp_path: Path, delimiter: str, encoding: str) -> None:
    lines = [delimiter.join(row) for row in (("id", "title", "artist"), ("1", "Für Elise", "Ludwig"))]
    [row] = read(tmp_path, "\r\n".join(lines).encode(encoding)).rows
    assert (row.track_id, row.metadata.title, row.metadata.artist) == ("1", "Für Elise", "Ludwig")


def test_short_rows_have_empty_cells_and_long_ones_their_first(tmp_path: Path) -> None:
    rows = read(tmp_path, "id,title,artist\n1\n2,b,c,d,e\n\n3,b\n").rows
    assert [(row.track_id, row.metadata.title, row.metadata.artist) for row in rows] == [
        ("1", None, None),
        ("2", "b", "c"),
        ("3", "b", None),
    ]


def test_rows_without_an_id_are_bad_and_not_lost(tmp_path: Path) -> None:
    rows = read(tmp_path, f"id,title\n1,a\n,b\n{'9' * 5000},c\n").rows
    assert [row.track_id for row in rows] == ["1", "row-2", "row-3"]
    assert [row.problem and row.problem.reason for row in rows] == [None, Reason.BAD_METADATA, Reason.BAD_METADATA]


def test_absurd_cells_are_cut_and_cleaned(tmp_path: Path) -> None:
    [row] = read(tmp_path, f"id,title,artist\n1,{'x' * 100_000},a\x1b[31m\x00b\n").rows
    assert row.metadata.title == "x" * 499 + "…"
    assert row.metadata.artist is not None
    assert row.metadata.artist.isprintable()


@pytest.mark.parametrize("before", ["\n", "\n\r\n", "  \n"])
@pytest.mark.parametrize(("content", "ids"), [("id,title\n\n1,a\n", ["1"]), (FMA_TRACKS, ["2", "3"])])
def test_blank_lines_are_no_rows_and_no_header(tmp_path: Path, before: str, content: str, ids: list[str]) -> None:
    rows = read(tmp_path, before + content).rows
    assert [(row.number, row.track_id) for row in rows] == list(enumerate(ids, start=1))


def test_a_header_alone_is_an_empty_table(tmp_path: Path) -> None:
    assert read(tmp_path, "id,title\n").rows == ()


@pytest.mark.parametrize("name", ["a missing file", "tracks"])
def test_missing_files_are_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} does not exist: check spec.source.metadata.path"):
        read_metadata(tmp_path / name, MetadataFormat.AUTO, {})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf\n\n", "is empty"),
        (b"\x7fELF\x00\x00\x01,a\n" * 9, "is not text"),
        (b"name,artists\na,b\n", "has no column 'id'.*it has: name, artists"),
        (b'id,title\n1,"never closed\n2,b\n', "is a quotation mark not closed"),
        (b"id\n" + b"x," * 3 + b"\n" + b"1" * (5 << 20), "line 3 of the metadata file .* is longer than 4 MiB"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        read(tmp_path, content)


def test_a_folder_is_no_csv(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: Is a directory"):
        read_metadata(tmp_path, MetadataFormat.AUTO, {})


def test_a_missing_column_of_the_map_has_a_suggestion(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no column 'Titel' \(did you mean 'titles'\?\)"):
        read(tmp_path, "id,titles\n1,a\n", title="Titel")


def test_an_unknown_field_of_the_map_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="unknown field 'titel'; known: id, path, title"):
        read(tmp_path, "id,title\n1,a\n", titel="title")


def test_a_map_for_an_fma_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="a column map is for the format Flat"):
        read(tmp_path, RAW_TRACKS, wanted=MetadataFormat.FMA_RAW_TRACKS, title="track_title")


@pytest.mark.parametrize("wanted", [MetadataFormat.FMA_TRACKS, MetadataFormat.FMA_RAW_TRACKS])
def test_the_wrong_fma_format_is_explained(tmp_path: Path, wanted: MetadataFormat) -> None:
    with pytest.raises(ConfigurationError, match="has no column"):
        read(tmp_path, "id,title\n1,a\n2,b\n", wanted=wanted)


def test_a_line_of_100_megabytes_needs_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "tracks.csv"
    with path.open("wb") as file:
        file.write(b"id,title\n1,")
        for _ in range(100):
            file.write(b"x" * (1 << 20))
    code = (
        "import resource, sys; from pathlib import Path; from segue_jobs.contract import MetadataFormat\n"
        "from segue_jobs.listing.metadata import read_metadata\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    read_metadata(Path(sys.argv[1]), MetadataFormat.AUTO, {})\n"
        "except Exception as error:\n    print(type(error).__name__, end=' ')\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000)"
    )
    shown = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    assert shown.stdout.split() == ["ConfigurationError", "True"]
