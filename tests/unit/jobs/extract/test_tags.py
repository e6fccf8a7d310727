"""Tags of every format give the same metadata; damaged or hostile ones give none, in bounded time and memory."""

from __future__ import annotations

import struct
import tracemalloc
import zlib
from pathlib import Path

import mutagen
import mutagen.id3
import mutagen.wave
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue_core.store.facts import MusicBrainzIds, SortNames
from segue_core.store.records import Metadata
from segue_jobs.extract.tags import read_tags
from support.audio import write_tune

RECORDING = "8f3471b5-7e6a-48da-86a9-c1c07a0f47ae"
RELEASE = "5ba2a5a6-1d9e-4b25-9b9f-d6c0e1a7c3b1"
FULL = Metadata(
    title="Für Elise", artist="Ludwig", album="Bagatelles", genres=("Classical", "Piano"), year=1810,
    album_artist="Various", disc_number=2, track_number=7, isrcs=("DEA123456789",),
    sort=SortNames(title="Elise, Für", artist="Beethoven", album="Bagatelles, The", album_artist="Diverse"),
    music_brainz=MusicBrainzIds(recording=RECORDING, release=RELEASE, artists=(RECORDING, RELEASE)),
)  # fmt: skip
COMMENTS = {
    "title": "Für Elise", "artist": "Ludwig", "album": "Bagatelles", "genre": "Classical; Piano", "date": "1810-04-27",
    "albumartist": "Various", "discnumber": "2/3", "tracknumber": "07", "isrc": "DE-A12-34-56789",
    "titlesort": "Elise, Für", "artistsort": "Beethoven", "albumsort": "Bagatelles, The", "albumartistsort": "Diverse",
    "musicbrainz_trackid": RECORDING.upper(), "musicbrainz_albumid": RELEASE,
    "musicbrainz_artistid": [RECORDING, RELEASE],
}  # fmt: skip


def id3_frames() -> list[mutagen.id3.Frame]:
    """The same as ID3 frames."""
    texts = {
        "TIT2": "Für Elise", "TPE1": "Ludwig", "TALB": "Bagatelles", "TCON": "Classical; Piano", "TDRC": "1810-04-27",
        "TPE2": "Various", "TPOS": "2/3", "TRCK": "07", "TSRC": "DEA123456789", "TSOT": "Elise, Für",
        "TSOP": "Beethoven", "TSOA": "Bagatelles, The", "TSO2": "Diverse",
    }  # fmt: skip
    frames = [mutagen.id3.Frames[name](encoding=1, text=[text]) for name, text in texts.items()]
    frames.append(mutagen.id3.UFID(owner="http://musicbrainz.org", data=RECORDING.encode()))
    frames.append(mutagen.id3.TXXX(encoding=3, desc="MusicBrainz Album Id", text=[RELEASE]))
    frames.append(mutagen.id3.TXXX(encoding=3, desc="MusicBrainz Artist Id", text=[RECORDING, RELEASE]))
    return frames


@pytest.mark.parametrize("name", ["a.flac", "a.ogg", "a.opus"])
def test_vorbis_comments(tmp_path: Path, name: str) -> None:
    path = write_tune(tmp_path / name, rate=48_000)
    file = mutagen.File(path)
    file.update(COMMENTS)
    file.save()
    assert read_tags(path).metadata == FULL


@pytest.mark.parametrize("version", [3, 4])
def test_id3(tmp_path: Path, version: int) -> None:
    path = write_tune(tmp_path / "a.mp3", rate=44_100)
    tags = mutagen.id3.ID3()
    for frame in id3_frames():
        tags.add(frame)
    if version == 3:
        tags.delall("TDRC")
        tags.add(mutagen.id3.TYER(encoding=0, text=["1810"]))
    tags.save(path, v2_version=version, v23_sep=None)
    assert read_tags(path).metadata == FULL


@pytest.mark.parametrize(("name", "kind"), [("a.wav", "WAVE"), ("a.aiff", "AIFF")])
def test_id3_in_a_chunk(tmp_path: Path, name: str, kind: str) -> None:
    path = write_tune(tmp_path / name)
    file = mutagen.File(path)
    assert type(file).__name__ == kind
    file.add_tags()
    for frame in id3_frames():
        file.tags.add(frame)
    file.save()
    assert read_tags(path).metadata == FULL


def test_numbers_of_genres_are_named(tmp_path: Path) -> None:
    path = write_tune(tmp_path / "a.wav")
    file = mutagen.wave.WAVE(path)
    file.add_tags()
    file.tags.add(mutagen.id3.TCON(encoding=3, text=["(17)"]))
    file.save()
    assert read_tags(path).metadata.genres == ("Rock",)


def test_old_versions_of_id3(tmp_path: Path) -> None:
    path = write_tune(tmp_path / "a.mp3", rate=44_100)
    body = b"".join(
        name + len(text).to_bytes(3, "big") + text for name, text in ((b"TT2", b"\0Song"), (b"TRK", b"\x003/9"))
    )
    audio = path.read_bytes()
    path.write_bytes(b"ID3\2\0\0" + bytes((0, 0, 0, len(body))) + body + audio)
    found = read_tags(path).metadata
    assert (found.title, found.track_number) == ("Song", 3)
    v1 = b"TAG" + b"Elise".ljust(30, b"\0") + b"Ludwig".ljust(30) + bytes(30) + b"1810" + bytes(28) + b"\0\7" + b"\x20"
    path.write_bytes(audio + v1)
    found = read_tags(path).metadata
    assert (found.title, found.artist, found.year, found.track_number) == ("Elise", "Ludwig", 1810, 7)
    assert found.genres == ("Classical",)


def test_sizes_of_itunes_and_synchronised_tags(tmp_path: Path) -> None:
    path = write_tune(tmp_path / "a.mp3", rate=44_100)
    audio, title, artist = path.read_bytes(), b"\3" + b"t" * 299, b"\3Ludwig"
    plain = b"TIT2" + struct.pack(">IH", len(title), 0) + title + b"TPE1" + struct.pack(">IH", len(artist), 0) + artist
    path.write_bytes(_tag(4, plain) + audio)
    assert read_tags(path).metadata == Metadata(title="t" * 299, artist="Ludwig")
    wide = b"\1" + "Ludwig".encode("utf-16")
    body = b"TPE1" + struct.pack(">IH", len(wide), 0) + wide
    path.write_bytes(_tag(3, body.replace(b"\xff", b"\xff\0"), flags=0x80) + audio)
    assert read_tags(path).metadata.artist == "Ludwig"


def test_a_file_without_tags(tmp_path: Path) -> None:
    assert read_tags(write_tune(tmp_path / "a.flac")).metadata == Metadata()


@pytest.mark.parametrize(
    "content", [b"", b"text", b"OggS" + bytes(100), b"fLaC\x80\x00\xff\xff", b"ID3\x04\x00\x00\x00\x00\x7f\x7f"]
)
def test_damaged_tags_give_empty_metadata(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(content)
    assert read_tags(path).metadata == Metadata()


def test_absurd_tags_are_cut(tmp_path: Path) -> None:
    path = write_tune(tmp_path / "a.flac")
    file = mutagen.File(path)
    file["title"], file["genre"] = ["x\x00y" * 10_000], [f"g{number}" for number in range(1000)]
    file["tracknumber"], file["discnumber"] = ["99999999999999999999"], ["-1"]
    file["isrc"], file["musicbrainz_trackid"] = ["no code", "DEA123456789"] * 50, ["8f3471b5"]
    file.save()
    found = read_tags(path).metadata
    assert found.title is not None
    assert (len(found.title), len(found.genres)) == (500, 20)
    assert (found.track_number, found.disc_number, found.isrcs) == (None, None, ("DEA123456789",))
    assert found.music_brainz == MusicBrainzIds()


def _tag(major: int, body: bytes, *, flags: int = 0) -> bytes:
    size = len(body)
    seven = bytes((size >> 21 & 127, size >> 14 & 127, size >> 7 & 127, size & 127))
    return b"ID3" + bytes((major, 0, flags)) + seven + body


def _bomb() -> bytes:
    """A compressed title of 160 MB in 160 kB."""
    packer = zlib.compressobj(1)
    packed = b"".join(packer.compress(bytes(1 << 20)) for _ in range(160)) + packer.flush()
    content = struct.pack(">I", 160 << 20) + packed
    return _tag(3, b"TIT2" + struct.pack(">IH", len(content), 0x80) + content)


HOSTILE = {
    "bomb": _bomb,
    "large field": lambda: _tag(3, b"TIT2" + struct.pack(">IH", 30 << 20, 0) + b"\0" + b"x" * ((30 << 20) - 1)),
    "large tag": lambda: _tag(3, b"TIT2" + struct.pack(">IH", 40 << 20, 0) + bytes(40 << 20)),
    "a million frames": lambda: _tag(3, (b"TIT2" + struct.pack(">IH", 2, 0) + b"\0x") * 1_000_000),
    "a million values": lambda: _tag(4, b"TPE1" + struct.pack(">IH", 2_000_001, 0) + b"\0" + b"x\0" * 1_000_000),
    "a million descriptions": lambda: _tag(3, b"TXXX\0\0\0\3\0\0\0\0\0" * 1_000_000),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_id3_is_read_within_bounds(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(HOSTILE[kind]() + bytes(1000))
    tracemalloc.start()
    found = read_tags(path).metadata
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 150 << 20
    assert found.title is None or len(found.title) <= 500


@pytest.mark.parametrize("order", ["little", "big"])
def test_a_container_of_nothing_but_empty_chunks_is_given_up(tmp_path: Path, order: str) -> None:
    """Without reading it to its end: it is sparse, and has 25 million chunks."""
    path = tmp_path / ("a.wav" if order == "little" else "a.aiff")
    with path.open("wb") as file:
        file.write(b"RIFF\xff\xff\xff\x7fWAVE" if order == "little" else b"FORM\x7f\xff\xff\xffAIFF")
        file.truncate(200 << 20)
    assert read_tags(path).metadata == Metadata()


@settings(max_examples=60, deadline=None)
@given(body=st.binary(max_size=400), major=st.sampled_from([2, 3, 4]), flags=st.integers(0, 255))
def test_no_tag_is_an_unexpected_failure(
    tmp_path_factory: pytest.TempPathFactory, body: bytes, major: int, flags: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.mp3"
    frames = b"TIT2" + struct.pack(">IH", len(body), flags) + body + b"APIC" + struct.pack(">IH", len(body), 0) + body
    path.write_bytes(_tag(major, frames, flags=flags) + b"\xff\xfb\x90\x00" + bytes(400))
    found = read_tags(path)
    assert found.metadata.title is None or len(found.metadata.title) <= 500
