"""CSV files of all kinds, with all kinds of damage."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from segue_core.contract import MetadataFormat, Reason
from segue_core.errors import ConfigurationError
from segue_jobs.listing.metadata import MetadataTable, read_metadata
from segue_jobs.listing.track_ids import JoinBy

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
    assert (row.track_id, row.metadata.title, row.metadata.artist, row.metadata.year) == ("007", "Song", "Band", 1999)


def test_what_is_known_of_a_release(tmp_path: Path) -> None:
    mbid = "8f3471b5-7e6a-48da-86a9-c1c07a0f47ae"
    [row] = read(
        tmp_path,
        "id,artist,Album Artist,Disc,Track Number,Artist Sort,ISRC,MusicBrainz Track ID\n"
        f'1,Band,Various,1/2,3.0,"Band, The",DE-A12-34-56789,{mbid.upper()}\n',
    ).rows
    found = row.metadata
    assert (found.artist, found.album_artist, found.sort.artist) == ("Band", "Various", "Band, The")
    assert (found.disc_number, found.track_number, found.isrcs) == (1, 3, ("DEA123456789",))
    assert found.music_brainz.recording == mbid
    [mapped] = read(tmp_path, "id,No\n1,7\n", track="No").rows
    assert mapped.metadata.track_number == 7


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


def test_short_rows_have_empty_cells(tmp_path: Path) -> None:
    rows = read(tmp_path, "id,title,artist\n1\n2,b,c,,\n\n3,b\n,,\n").rows
    assert [(row.track_id, row.metadata.title, row.metadata.artist) for row in rows] == [
        ("1", None, None),
        ("2", "b", "c"),
        ("3", "b", None),
    ]


def test_a_row_with_a_cell_too_many_is_bad_and_keeps_its_id_where_that_is_sure(tmp_path: Path) -> None:
    rows = read(tmp_path, "id,title,artist\n1,A,X\n2,Hello, Goodbye,Y\n3,C,Z\n").rows
    assert [(row.track_id, row.problem and row.problem.reason) for row in rows] == [
        ("1", None),
        ("2", Reason.BAD_METADATA),
        ("3", None),
    ]
    assert rows[1].problem
    message = "row 2 has 4 cells, but the header has 3: put quotation marks around a cell that contains ','"
    assert rows[1].problem.message == message
    [row] = read(tmp_path, "title,id\nHello, Goodbye,2\n").rows
    assert (row.track_id, row.is_nameless) == ("row-1", True)


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
def test_blank_lines_are_neither_rows_nor_headers(tmp_path: Path, before: str, content: str, ids: list[str]) -> None:
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
        (b"name,artists\na,b\n", "has no column 'id'.*its columns: name, artists"),
        (b'id,title\n1,"never closed\n2,b\n', "from line 2 on: a quotation mark is opened there and never closed"),
        (b"id\n" + b"x," * 3 + b"\n" + b"1" * (5 << 20), "line 3 of the metadata file .* is longer than 4 MiB"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        read(tmp_path, content)


@pytest.mark.parametrize("cell", ['"He said \\"Hi, you\\""', '"He said ""Hi, you"""'])
def test_quotation_marks_inside_a_cell(tmp_path: Path, cell: str) -> None:
    rows = read(tmp_path, f'id,title,artist\n1,{cell},X\n2,"B",Y\n').rows
    assert [(row.metadata.title, row.metadata.artist) for row in rows] == [('He said "Hi, you"', "X"), ("B", "Y")]


def test_a_backslash_before_the_end_of_a_cell_is_a_backslash(tmp_path: Path) -> None:
    [row] = read(tmp_path, 'path,title\n"C:\\Music\\","A"\n').rows
    assert (row.path, row.metadata.title) == ("C:/Music", "A")


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;"])
def test_excels_first_line_names_the_delimiter(tmp_path: Path, line: str) -> None:
    rows = read(tmp_path, f"{line}\r\nid;title;artist\r\n1;A, B;X\r\n2;C;Y\r\n").rows
    assert [(row.number, row.track_id, row.metadata.title) for row in rows] == [(1, "1", "A, B"), (2, "2", "C")]


def test_kaggles_columns(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        "id,name,artists,duration_ms,release_date,track_genre\n"
        "1.0,A,\"['X', 'Y']\",215000,20190403,acoustic\n"
        "2.0,B,['Z'],1500,1999,\n"
        "3.0,C,[],,,\n"
        "4.0,D,[:SITD:],,,\n",
    ).rows
    assert [row.track_id for row in rows] == ["1", "2", "3", "4"]
    assert [row.metadata.artist for row in rows] == ["X, Y", "Z", None, "[:SITD:]"]
    assert [row.metadata.duration_seconds for row in rows] == [215.0, 1.5, None, None]
    assert [row.metadata.year for row in rows] == [2019, 1999, None, None]
    assert rows[0].metadata.genres == ("acoustic",)


@pytest.mark.parametrize(
    ("encoding", "titles"),
    [
        ("cp1251", ("Подмосковные вечера", "Катюша", "Калинка")),
        ("cp932", ("上を向いて歩こう", "さくら", "海")),
        ("cp1252", ("Für Elise", "Déjà Vu", "Don\u2019t Stop")),
        ("cp1250", ("Dziś są moje urodziny", "Źródło", "Łódź")),
    ],
)
def test_older_encodings_are_detected_and_noted(
    tmp_path: Path, encoding: str, titles: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    lines = ["id,title", *(f"{number},{title}" for number, title in enumerate(titles))]
    rows = read(tmp_path, "\n".join(lines).encode(encoding)).rows
    assert tuple(row.metadata.title for row in rows) == titles
    [note] = caplog.records
    assert (note.encoding, "not UTF-8" in note.message) == (encoding, True)


def test_thousands_of_columns_are_read_and_more_are_refused(tmp_path: Path) -> None:
    header = ",".join(f"c{number}" for number in range(4_997))
    rows = read(tmp_path, f"id,title,artist,{header}\n1,A,X\n2,B,Y\n").rows
    assert [(row.track_id, row.metadata.title) for row in rows] == [("1", "A"), ("2", "B")]
    with pytest.raises(ConfigurationError, match="has 5001 columns, but Segue reads at most 5000"):
        read(tmp_path, f"id,title,artist,{header},more\n1,A,X\n")


@pytest.mark.parametrize("before", [0, 1, 30_000])
def test_rows_with_many_cells_too_many_wherever_they_are(tmp_path: Path, before: int) -> None:
    lines = [f"{number},A" for number in range(before)]
    rows = read(tmp_path, "\n".join(["id,title", *lines, "x,A" + ",b" * 200, "y,A" + "," * 250, "z,A"])).rows
    assert [(row.number, row.track_id, row.problem is None) for row in rows[before:]] == [
        (before + 1, "x", False),
        (before + 2, "y", True),
        (before + 3, "z", True),
    ]
    with pytest.raises(ConfigurationError, match=f"from line {before + 2} on: 100001 cells, but the header has 2"):
        read(tmp_path, "\n".join(["id,title", *lines, "x" + ",b" * 100_000, "y,A"]))


def test_cells_of_many_lines_anywhere(tmp_path: Path) -> None:
    rows = read(tmp_path, "id,title\n" + "".join(f'{number},"A\r\n""B"",\nC"\n' for number in range(30_000))).rows
    assert [row.track_id for row in rows] == [str(number) for number in range(30_000)]
    assert {row.metadata.title for row in rows} == {'A "B", C'}


def test_a_million_columns_without_an_id_are_one_short_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"has no column 'id'.* and 999980 more") as raised:
        read(tmp_path, "x," * 999_999 + "x\n1\n")
    assert len(str(raised.value)) < 1000


def test_a_pipe_or_a_device_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    for path in (tmp_path / "pipe.csv", Path("/dev/zero")):
        with pytest.raises(ConfigurationError, match="is a device or a pipe: give a regular file"):
            read_metadata(path, MetadataFormat.AUTO, {})


def test_a_cell_that_goes_on_for_many_lines_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"from line 2 on: field larger than field limit \(131072\)"):
        read(tmp_path, 'id,title\n1,"' + "x\n" * 200_000 + '"\n')


def test_a_folder_is_not_a_csv(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot read the metadata file .*: Is a directory"):
        read_metadata(tmp_path, MetadataFormat.AUTO, {})


def test_a_missing_column_of_the_map_has_a_suggestion(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no column 'Titel' \(did you mean 'titles'\?\)"):
        read(tmp_path, "id,titles\n1,a\n", title="Titel")


def test_an_unknown_field_of_the_map_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="unknown field 'titel'; use id, path, title"):
        read(tmp_path, "id,title\n1,a\n", titel="title")


def test_a_map_for_an_fma_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="a column map needs the format Flat"):
        read(tmp_path, RAW_TRACKS, wanted=MetadataFormat.FMA_RAW_TRACKS, title="track_title")


@pytest.mark.parametrize("wanted", [MetadataFormat.FMA_TRACKS, MetadataFormat.FMA_RAW_TRACKS])
def test_the_wrong_fma_format_is_explained(tmp_path: Path, wanted: MetadataFormat) -> None:
    with pytest.raises(ConfigurationError, match="has no column"):
        read(tmp_path, "id,title\n1,a\n2,b\n", wanted=wanted)
