"""Tags of every format in one shape; damaged tags say nothing."""

from __future__ import annotations

from pathlib import Path

import mutagen
import mutagen.id3
import mutagen.wave
import pytest

from segue_jobs.extract.tags import read_tags
from segue_jobs.records import Metadata
from support.audio import write_tune


@pytest.mark.parametrize("name", ["a.mp3", "a.flac", "a.ogg", "a.opus"])
def test_tags_of_every_format(tmp_path: Path, name: str) -> None:
    path = write_tune(tmp_path / name, rate=48_000)
    file = mutagen.File(path, easy=True)
    if file.tags is None:
        file.add_tags()
    file["title"], file["artist"], file["album"] = ["Für Elise"], ["Ludwig"], ["Bagatelles"]
    file["genre"], file["date"] = ["Classical; Piano"], ["1810-04-27"]
    file.save()
    found = read_tags(path)
    assert (found.title, found.artist, found.album) == ("Für Elise", "Ludwig", "Bagatelles")
    assert (found.genres, found.year) == (("Classical", "Piano"), 1810)
    assert found.duration_seconds == pytest.approx(8.0, abs=0.2)


def test_id3_in_a_wav(tmp_path: Path) -> None:
    path = write_tune(tmp_path / "a.wav")
    file = mutagen.wave.WAVE(path)
    file.add_tags()
    file.tags.add(mutagen.id3.TIT2(encoding=3, text=["Song"]))
    file.tags.add(mutagen.id3.TCON(encoding=3, text=["(17)"]))
    file.save()
    assert (read_tags(path).title, read_tags(path).genres) == ("Song", ("Rock",))


def test_a_file_without_tags(tmp_path: Path) -> None:
    found = read_tags(write_tune(tmp_path / "a.flac"))
    assert (found.title, found.artist, found.genres) == (None, None, ())


@pytest.mark.parametrize(
    "content", [b"", b"text", b"OggS" + bytes(100), b"fLaC\x80\x00\xff\xff", b"ID3\x04\x00\x00\x00\x00\x7f\x7f"]
)
def test_damaged_tags_say_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(content)
    found = read_tags(path)
    assert (found.title, found.artist) == (Metadata().title, None)


def test_absurd_tags_are_cut(tmp_path: Path) -> None:
    path = write_tune(tmp_path / "a.flac")
    file = mutagen.File(path)
    file["title"], file["genre"] = ["x\x00y" * 10_000], [f"g{number}" for number in range(1000)]
    file.save()
    found = read_tags(path)
    assert found.title is not None
    assert len(found.title) == 500
    assert len(found.genres) == 20
