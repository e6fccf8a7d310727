"""The hash identifies the audio: changed tags keep it, a changed sample does not."""

from __future__ import annotations

import struct
from pathlib import Path

import mutagen
import mutagen.apev2
import mutagen.flac
import mutagen.id3
import mutagen.wave
import pytest

from segue_jobs.extract.payload import payload_sha256
from support.audio import write_tune
from support.encoded import stereo, write_as

LONG = "a comment that needs more than one page " * 4000


def retag_id3(path: Path) -> None:
    tags = mutagen.id3.ID3()
    tags.add(mutagen.id3.TIT2(encoding=3, text=["Another title"]))
    tags.add(mutagen.id3.COMM(encoding=3, lang="eng", desc="", text=[LONG]))
    tags.save(path, v1=2)


def retag_ape(path: Path) -> None:
    tags = mutagen.apev2.APEv2()
    tags["Title"] = LONG
    tags.save(path)


def retag_comments(path: Path) -> None:
    file = mutagen.File(path)
    file["title"] = "Another title"
    file["comment"] = LONG
    file.save()


def retag_flac(path: Path) -> None:
    file = mutagen.flac.FLAC(path)
    picture = mutagen.flac.Picture()
    picture.data = bytes(300_000)
    file.add_picture(picture)
    file["title"] = LONG
    file.save()


def retag_wave(path: Path) -> None:
    file = mutagen.wave.WAVE(path)
    file.add_tags()
    file.tags.add(mutagen.id3.TIT2(encoding=3, text=[LONG]))
    file.save()


def retag_by_kind(path: Path) -> None:
    """Whatever tags the format has."""
    file = mutagen.File(path)
    if file.tags is None:
        file.add_tags()
    if isinstance(file.tags, mutagen.id3.ID3):
        file.tags.add(mutagen.id3.TIT2(encoding=3, text=[LONG]))
    else:
        file.tags["\xa9nam" if path.suffix == ".m4a" else "Title"] = [LONG]
    file.save()


@pytest.mark.parametrize("suffix", [".m4a", ".alac.m4a", ".wma", ".wv", ".tta", ".aiff", ".dsf", ".dff", ".oga"])
def test_a_retagged_file_of_any_format_keeps_its_hash(tmp_path: Path, suffix: str) -> None:
    path = write_as(tmp_path / f"a{suffix}", stereo(1.0))
    before, bytes_before = payload_sha256(path), path.read_bytes()
    retag_by_kind(path)
    assert path.read_bytes() != bytes_before
    assert payload_sha256(path) == before
    data = bytearray(path.read_bytes())
    pieces = (bytes_before[at : at + 32] for at in range(len(bytes_before) // 2, len(bytes_before), 7))
    unique = next(piece for piece in pieces if len(set(piece)) > 8 and data.count(piece) == 1)
    data[data.index(unique)] ^= 0x55
    path.write_bytes(data)
    assert payload_sha256(path) != before


def test_the_clusters_of_matroska_are_its_audio(tmp_path: Path) -> None:
    paths = [write_as(tmp_path / f"{title}.mka", stereo(1.0), title=title) for title in ("One", "Another title")]
    assert len({payload_sha256(path) for path in paths}) == 1
    other = write_as(tmp_path / "other.mka", stereo(1.0, seed=2), title="One")
    assert payload_sha256(other) != payload_sha256(paths[0])


def test_recordings_without_sizes_are_told_apart(tmp_path: Path) -> None:
    hashes = set()
    for seed in (1, 2):
        path = write_tune(tmp_path / f"{seed}.wav", seed=seed)
        data = bytearray(path.read_bytes())
        place = data.index(b"data") + 4
        data[place : place + 4] = bytes(4)
        path.write_bytes(data)
        hashes.add(payload_sha256(path))
    assert len(hashes) == 2


@pytest.mark.parametrize(
    ("name", "retag"),
    [
        ("a.mp3", retag_id3),
        ("a.mp3", retag_ape),
        ("a.flac", retag_flac),
        ("a.ogg", retag_comments),
        ("a.opus", retag_comments),
        ("a.wav", retag_wave),
    ],
)
def test_a_retagged_file_keeps_its_hash(tmp_path: Path, name: str, retag) -> None:
    path = write_tune(tmp_path / name, rate=48_000)
    before, bytes_before = payload_sha256(path), path.read_bytes()
    retag(path)
    assert path.read_bytes() != bytes_before
    assert payload_sha256(path) == before


def test_all_tags_of_an_mp3_at_once(tmp_path: Path) -> None:
    path = write_tune(tmp_path / "a.mp3", rate=44_100)
    before = payload_sha256(path)
    retag_ape(path)
    retag_id3(path)
    assert payload_sha256(path) == before


@pytest.mark.parametrize("name", ["a.mp3", "a.flac", "a.ogg", "a.opus", "a.wav", "a.aiff"])
def test_other_audio_has_another_hash(tmp_path: Path, name: str) -> None:
    hashes = {payload_sha256(write_tune(tmp_path / name, rate=48_000, seed=seed)) for seed in (1, 2)}
    assert len(hashes) == 2


@pytest.mark.parametrize("name", ["a.mp3", "a.flac", "a.ogg", "a.wav"])
def test_a_changed_byte_of_the_audio_changes_the_hash(tmp_path: Path, name: str) -> None:
    path = write_tune(tmp_path / name, rate=44_100)
    before, data = payload_sha256(path), bytearray(path.read_bytes())
    data[len(data) * 3 // 4] ^= 0x55
    path.write_bytes(data)
    assert payload_sha256(path) != before


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"fLaC",
        b"fLaC" + b"\x00\xff\xff\xff",
        b"OggS",
        b"OggS" + bytes(22) + b"\xff" + b"\xff" * 10,
        b"RIFF\x00\x00\x00\x00WAVE",
        b"RIFF\x00\x00\x00\x00WAVEjunk\xff\xff\xff\xff",
        b"FORM\x00\x00\x00\x00AIFF",
        b"FRM8" + bytes(8) + b"DSD ",
        b"DSD " + bytes(24),
        b"\x00\x00\x00\x14ftypM4A " + bytes(8) + b"\x00\x00\x00\x01moov" + b"\xff" * 8,
        bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + b"\xff" * 8,
        b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff\xec\x81",
        b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f",
        b"x" * 40 + struct.pack("<8sIIII8x", b"APETAGEX", 2000, 0xFFFFFFFF, 1, 0),
        b"x" * 40 + struct.pack("<8sIIII8x", b"APETAGEX", 2000, 0, 1, 0),
        b"TAG" + bytes(125),
    ],
)
def test_any_other_file_is_hashed_as_a_whole(tmp_path: Path, content: bytes) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_bytes(content)
    second.write_bytes(content + b"!")
    assert payload_sha256(first) != payload_sha256(second)
