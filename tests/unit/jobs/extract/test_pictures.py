"""A cover is a place: what stands there is the picture, and nothing else is ever referred to."""

from __future__ import annotations

import base64
import hashlib
import struct
from pathlib import Path

import mutagen
import mutagen.asf
import mutagen.flac
import mutagen.id3
import mutagen.mp4
import mutagen.ogg
import pytest

from segue_core.store.facts import Cover, picture_type
from segue_core.store.ogg_pictures import ogg_picture
from segue_jobs.extract.pictures import cover_in
from segue_jobs.extract.tags import read_tags
from support.audio import write_tune
from support.encoded import stereo, write_as

JPEG = b"\xff\xd8\xff\xe0" + b"front" * 500
PNG = b"\x89PNG\r\n\x1a\n" + b"back" * 500


def picture_block(kind: int, data: bytes) -> mutagen.flac.Picture:
    picture = mutagen.flac.Picture()
    picture.type, picture.data, picture.mime = kind, data, "image/anything"
    return picture


def add_pictures(path: Path, front: bytes = JPEG) -> None:
    """The back first, so that the order alone does not decide."""
    file = mutagen.File(path)
    blocks = [picture_block(kind, data) for kind, data in ((4, PNG), (3, front))]
    if isinstance(file, mutagen.flac.FLAC):
        for block in blocks:
            file.add_picture(block)
    elif isinstance(file, mutagen.ogg.OggFileType):
        file["metadata_block_picture"] = [base64.b64encode(block.write()).decode() for block in blocks]
    elif isinstance(file, mutagen.mp4.MP4):  # which has no types
        file["covr"] = [mutagen.mp4.MP4Cover(JPEG), mutagen.mp4.MP4Cover(PNG, mutagen.mp4.MP4Cover.FORMAT_PNG)]
    elif isinstance(file, mutagen.asf.ASF):
        heads = [(struct.pack("<BI", kind, len(data)) + "image/x\0No.\0".encode("utf-16-le"), data)
                 for kind, data in ((4, PNG), (3, JPEG))]  # fmt: skip
        file["WM/Picture"] = [mutagen.asf.ASFByteArrayAttribute(head + data) for head, data in heads]
    else:
        if file.tags is None:
            file.add_tags()
        for kind, data in ((4, PNG), (3, JPEG)):
            file.tags.add(mutagen.id3.APIC(encoding=1, mime="image/x", type=kind, desc=f"No. {kind}", data=data))
    file.save()


@pytest.mark.parametrize("name", ["a.mp3", "a.flac", "a.wav", "a.aiff", "a.m4a", "a.wma"])
def test_an_embedded_cover_is_where_its_reference_says(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write_as(path, stereo(1.0)) if path.suffix in (".m4a", ".wma") else write_tune(path, 1.0, rate=44_100)
    add_pictures(path)
    cover = read_tags(path).cover
    assert cover is not None
    assert (cover.media_type, cover.name) == ("image/jpeg", None)
    assert path.read_bytes()[cover.offset :][: cover.size] == JPEG
    assert cover.sha256 == hashlib.sha256(JPEG).hexdigest()


@pytest.mark.parametrize("size", [500, 300_000])
@pytest.mark.parametrize("name", ["a.ogg", "a.opus"])
def test_a_cover_in_the_comments_of_ogg_is_taken_out_of_its_headers(tmp_path: Path, name: str, size: int) -> None:
    path = write_tune(tmp_path / name, rate=48_000)
    front = b"\xff\xd8\xff\xe0" + bytes(n * 7 % 256 for n in range(size))  # over several pages, or on one
    add_pictures(path, front)
    cover = read_tags(path).cover
    assert cover is not None
    assert (cover.media_type, cover.inside, cover.name) == ("image/jpeg", "ogg", None)
    headers = path.read_bytes()[cover.offset :][: cover.size]
    assert ogg_picture(headers, cover.sha256) == front
    assert ogg_picture(headers[:200], cover.sha256) == b""
    assert cover.size < 2 * (size + len(PNG)) + 10_000  # the headers, and none of the music


@pytest.mark.parametrize("data", [b"", b"<svg onload='alert(1)'/>", b"\xff\xd8", b"RIFF1234WAVE"])
def test_what_is_no_picture_is_no_cover(tmp_path: Path, data: bytes) -> None:
    path = write_tune(tmp_path / "a.mp3", rate=44_100)
    tags = mutagen.id3.ID3()
    tags.add(mutagen.id3.APIC(encoding=0, mime="image/jpeg", type=3, desc="", data=data))
    tags.save(path)
    (tmp_path / "cover.jpg").write_bytes(data)
    assert picture_type(data) is None
    assert read_tags(path).cover is None
    assert cover_in(path.parent) is None


@pytest.mark.parametrize("name", ["cover.jpg", "Folder.jpg", "folder.png", "Front.webp"])
def test_a_cover_beside_the_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(PNG)
    (tmp_path / "other.jpg").write_bytes(JPEG)
    assert cover_in(tmp_path) == Cover(media_type="image/png", name=name.encode())


def test_a_link_or_a_folder_is_no_cover(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(PNG)
    (tmp_path / "cover.jpg").symlink_to("secret")
    (tmp_path / "folder.jpg").mkdir()
    assert cover_in(tmp_path) is None
