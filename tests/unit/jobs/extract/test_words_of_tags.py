"""Words that are in tags arrive: whatever the container, whatever the word."""

from __future__ import annotations

import struct
from pathlib import Path

import mutagen
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_jobs.extract import audio_decoders, container_tags
from segue_jobs.extract.ape_tags import read_ape
from segue_jobs.extract.bounded_file import BoundedFile
from segue_jobs.extract.tags import read_tags
from support.audio import write_tune
from support.encoded import stereo, write_as

WORDS = {"title": "Für Elise", "artist": "Ludwig", "album": "Bagatelles", "genre": "Classical", "date": "1810"}
OF_ITS_OWN = [".m4a", ".alac.m4a", ".mp4", ".wma", ".wv", ".tta", ".mka", ".webm", ".caf", ".oga", ".opus", ".wav"]


def write_ape(path: Path, items: dict[bytes, bytes], *, id3v1: bytes = b"") -> Path:
    body = b"".join(struct.pack("<II", len(value), 0) + key + b"\0" + value for key, value in items.items())
    footer = b"APETAGEX" + struct.pack("<IIII8x", 2000, len(body) + 32, len(items), 0)
    path.write_bytes(path.read_bytes() + body + footer + id3v1)
    return path


@pytest.mark.parametrize("suffix", OF_ITS_OWN)
def test_each_container_keeps_words_in_its_own_way(tmp_path: Path, suffix: str) -> None:
    found = read_tags(write_as(tmp_path / f"a{suffix}", stereo(1.0), **WORDS)).metadata
    assert (found.title, found.artist, found.album) == ("Für Elise", "Ludwig", "Bagatelles")
    assert (found.genres, found.year) == (("Classical",), 1810)


@pytest.mark.parametrize("id3v1", [b"", b"TAG" + b"Old".ljust(125, b"\0")])
def test_ape_at_the_end_of_an_mp3(tmp_path: Path, id3v1: bytes) -> None:
    items = {b"Title": b"Ape Title", b"ARTIST": b"One\0Two", b"Year": b"1987", b"Album Artist": b"The Band"}
    found = read_tags(write_ape(write_tune(tmp_path / "a.mp3", rate=44_100), items, id3v1=id3v1)).metadata
    assert (found.title, found.artist, found.album_artist) == ("Ape Title", "One, Two", "The Band")
    assert found.year == 1987


@given(tail=st.binary(max_size=200), size=st.integers(0, 300), items=st.integers(0, 2**32 - 1))
def test_no_ape_tag_is_too_odd(tmp_path_factory: pytest.TempPathFactory, tail: bytes, size: int, items: int) -> None:
    path = tmp_path_factory.getbasetemp() / "odd.ape"
    path.write_bytes(tail + b"APETAGEX" + struct.pack("<IIII8x", 2000, size, items, 0))
    with path.open("rb") as file:
        assert all(isinstance(value, str) for values in read_ape(BoundedFile(file)).values() for value in values)


@pytest.mark.parametrize("word", ["None", "Unknown", "NaN", "NULL", "-1", "n/a"])
def test_words_of_programs_are_names_in_tags(tmp_path: Path, word: str) -> None:
    path = write_tune(tmp_path / "a.flac")
    file = mutagen.File(path)
    file.update({"title": word, "artist": word, "album": word})
    file.save()
    found = read_tags(path).metadata
    assert (found.title, found.artist, found.album) == (word, word, word)


@pytest.mark.parametrize(
    ("comments", "artist", "year"),
    [
        ({"albumartist": "The Band"}, "The Band", None),
        ({"artist": " ", "albumartist": "The Band"}, "The Band", None),
        ({"artist": ["One", "Two", "One"], "albumartist": "The Band"}, "One, Two", None),
        ({"artist": "One", "date": "20190403"}, "One", 2019),
        ({"artist": "One", "originaldate": "1969-09-26"}, "One", 1969),
        ({"artist": "One", "date": "1987", "originaldate": "1969"}, "One", 1987),
        ({"artist": "One", "date": "unknown", "originalyear": "1969"}, "One", 1969),
    ],
)
def test_artists_and_years_have_several_homes(
    tmp_path: Path, comments: dict[str, str | list[str]], artist: str, year: int | None
) -> None:
    path = write_tune(tmp_path / "a.flac")
    file = mutagen.File(path)
    file.update(comments)
    file.save()
    found = read_tags(path).metadata
    assert (found.artist, found.year) == (artist, year)


def test_without_the_extra_the_words_of_common_formats_still_arrive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (audio_decoders, container_tags):
        monkeypatch.setattr(module, "has_ffmpeg", lambda: False)
    sound = np.asarray(stereo(1.0))
    assert read_tags(write_as(tmp_path / "a.mp3", sound, **WORDS)).metadata.title == "Für Elise"
    assert read_tags(write_as(tmp_path / "a.wma", sound, **WORDS)).metadata.title == "Für Elise"
    assert read_tags(write_as(tmp_path / "a.mka", sound, **WORDS)).metadata.title is None
