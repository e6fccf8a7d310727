"""Tags of MP4 and Windows Media arrive with all their values, and nothing in them costs time or memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutagen.asf import ASF
from mutagen.mp4 import MP4

from segue_core.store.facts import MusicBrainzIds, SortNames
from segue_jobs.extract.asf_tags import read_asf
from segue_jobs.extract.bounded_file import BoundedFile
from segue_jobs.extract.mp4_tags import read_mp4
from segue_jobs.extract.tags import read_tags
from support.encoded import stereo, write_as

IDS = [f"{number:08}-0000-4000-8000-000000000000" for number in range(7)]
PICARD = ("Track Id", "Album Id", "Release Track Id", "Release Group Id", "Artist Id", "Album Artist Id")
SORT = {"title": "Song", "artist": "Ann, A.", "album": "Album", "album_artist": "Band, The"}


def tag_mp4(path: Path) -> None:
    file: Any = MP4(path)
    file["\xa9ART"], file["aART"], file["\xa9gen"] = ["Ann", "Bob"], ["The Band"], ["Rock", "Jazz"]
    file["trkn"], file["disk"], file["\xa9day"] = [(3, 9)], [(2, 2)], ["1999-04-03"]
    file["sonm"], file["soar"], file["soal"], file["soaa"] = ([value] for value in SORT.values())
    values = {f"MusicBrainz {name}": [IDS[number]] for number, name in enumerate(PICARD)}
    values["MusicBrainz Artist Id"].append(IDS[6])
    for name, texts in {**values, "ISRC": ["USRC17607839"]}.items():
        file[f"----:com.apple.iTunes:{name}"] = [text.encode() for text in texts]
    file.save()


def tag_asf(path: Path) -> None:
    file: Any = ASF(path)
    file["Author"], file["WM/AlbumArtist"], file["WM/Genre"] = ["Ann", "Bob"], ["The Band"], ["Rock", "Jazz"]
    file["WM/TrackNumber"], file["WM/PartOfSet"], file["WM/Year"] = [3], ["2/2"], ["1999"]
    for name, value in zip(("Title", "Artist", "Album", "AlbumArtist"), SORT.values(), strict=True):
        file[f"WM/{name}SortOrder"] = [value]
    for number, name in enumerate(PICARD):
        file[f"MusicBrainz/{name}"] = [IDS[number]]
    file["MusicBrainz/Artist Id"], file["WM/ISRC"] = [IDS[4], IDS[6]], ["USRC17607839"]
    file.save()


@pytest.mark.parametrize(("suffix", "tag"), [(".m4a", tag_mp4), (".wma", tag_asf)])
def test_what_picard_writes_arrives(tmp_path: Path, suffix: str, tag: Any) -> None:
    path = write_as(tmp_path / f"a{suffix}", stereo(1.0), title="Song", album="Album")
    tag(path)
    found = read_tags(path).metadata
    assert (found.title, found.artist, found.album_artist) == ("Song", "Ann, Bob", "The Band")
    assert (found.genres, found.year, found.track_number, found.disc_number) == (("Rock", "Jazz"), 1999, 3, 2)
    assert found.sort == SortNames(**SORT)
    assert found.isrcs == ("USRC17607839",)
    assert found.music_brainz == MusicBrainzIds(
        recording=IDS[0], release=IDS[1], release_track=IDS[2], release_group=IDS[3],
        artists=(IDS[4], IDS[6]), album_artists=(IDS[5],),
    )  # fmt: skip


def test_a_genre_by_its_number(tmp_path: Path) -> None:
    path = write_as(tmp_path / "a.m4a", stereo(1.0), genre="Rock")
    data = path.read_bytes()
    at = data.index(b"\xa9gen")
    number = (18).to_bytes(2, "big") + b"\0\0"  # Rock is 17, counted from 0; the text has as many bytes
    path.write_bytes(data[:at] + b"gnre" + data[at + 4 :].replace(b"Rock", number, 1))
    assert read_tags(path).metadata.genres == ("Rock",)


@pytest.fixture(scope="module")
def tagged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("tagged")
    for suffix, tag in ((".m4a", tag_mp4), (".wma", tag_asf)):
        tag(write_as(folder / f"a{suffix}", stereo(0.2), title="Song"))
    return {path.suffix: path.read_bytes() for path in folder.iterdir()}


@settings(max_examples=50)
@given(suffix=st.sampled_from([".m4a", ".wma"]), changes=st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=9))))
def test_no_damage_is_too_odd(
    tmp_path_factory: pytest.TempPathFactory,
    tagged: dict[str, bytes],
    suffix: str,
    changes: list[tuple[float, bytes]],
) -> None:
    path, data = tmp_path_factory.getbasetemp() / f"odd{suffix}", bytearray(tagged[suffix])
    begin = data.index(b"moov") if suffix == ".m4a" else 0
    span = 6000 if suffix == ".wma" else len(data) - begin
    for share, change in changes:
        place = begin + int(share * span)
        data[place : place + len(change)] = change
    path.write_bytes(data)
    read = read_mp4 if suffix == ".m4a" else read_asf
    with path.open("rb") as file:
        texts = read(BoundedFile(file), 0, len(data)).texts
    assert all(isinstance(value, str) for values in texts.values() for value in values)
