"""Tags of a Windows Media file, as Windows Media Player and MusicBrainz Picard write them.

ffmpeg keeps one value of each name; an artist of two names would lose one. See Microsoft's Advanced Systems Format
Specification, revision 01.20.03, section 3.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

from segue_jobs.extract.bounded_file import BoundedFile
from segue_jobs.extract.container_values import ContainerTags

ASF_MAGIC = bytes.fromhex("3026b2758e66cf11a6d9")
"""How such a file begins."""
_DESCRIPTION = bytes.fromhex("3326b2758e66cf11a6d900aa0062ce6c")
_EXTENDED = bytes.fromhex("40a4d0d207e3d21197f000a0c95ea850")
_EXTENSION = bytes.fromhex("b503bf5f2ea9cf118ee300c00c205365")
_METADATA = bytes.fromhex("eacbf8c5af5b77488467aa8c44fa4cca")
_LIBRARY = bytes.fromhex("941c23449894d149a1411d134e457054")
_HEADER = struct.Struct("<16sQI2x")
_OBJECT = struct.Struct("<16sQ")
_LENGTHS = struct.Struct("<5H")
_ENTRY = struct.Struct("<4xHHI")
_EXTENSION_HEAD = 22
_MAXIMUM_OBJECTS = 10_000
_MAXIMUM_ENTRIES = 10_000
_TEXT, _BINARY, _NUMBERS = 0, 1, (3, 4, 5)
_NAMES: Mapping[str, str] = {
    "title": "title", "author": "artist", "wm/albumtitle": "album", "wm/genre": "genre", "wm/year": "date",
    "wm/albumartist": "albumartist", "wm/partofset": "discnumber", "wm/tracknumber": "tracknumber",
    "wm/isrc": "isrc", "wm/titlesortorder": "titlesort", "wm/artistsortorder": "artistsort",
    "wm/albumsortorder": "albumsort", "wm/albumartistsortorder": "albumartistsort",
    "wm/originalreleasetime": "originaldate", "wm/originalreleaseyear": "originalyear",
}  # fmt: skip


def read_asf(file: BoundedFile, begin: int, end: int) -> ContainerTags:
    """Values by their names as Vorbis comments, and pictures; empty if the file has no such tags.

    Raises
    ------
    TagsTooLargeError
        They are too large.
    """
    found = ContainerTags()
    file.seek(begin)
    head = file.read(_HEADER.size)
    if len(head) < _HEADER.size:
        return found
    size = _HEADER.unpack(head)[1]
    found.begin = begin + _HEADER.size
    found.raw = file.read(min(max(0, size - _HEADER.size), end - found.begin))
    objects = _objects(found.raw, 0, len(found.raw))
    for kind, start, stop in sorted(objects, key=lambda one: one[0] == _EXTENSION):  # which has further values
        if kind == _EXTENSION:
            for inner, first, last in _objects(found.raw, start + _EXTENSION_HEAD, stop):
                if inner in (_METADATA, _LIBRARY):
                    _read_entries(found, first, last)
        elif kind == _EXTENDED:
            _read_descriptors(found, start, stop)
        elif kind == _DESCRIPTION:
            _read_description(found, start, stop)
    return found


def _objects(data: bytes, start: int, stop: int) -> Iterator[tuple[bytes, int, int]]:
    offset = start
    for _ in range(_MAXIMUM_OBJECTS):
        if offset + _OBJECT.size > stop:
            return
        kind, length = _OBJECT.unpack_from(data, offset)
        if length < _OBJECT.size:
            return
        yield kind, offset + _OBJECT.size, min(offset + length, stop)
        offset += length


def _read_description(found: ContainerTags, start: int, stop: int) -> None:
    if start + _LENGTHS.size > stop:
        return
    title, author, *_ = _LENGTHS.unpack_from(found.raw, start)
    offset = start + _LENGTHS.size
    found.add("title", [_text(found.raw[offset : offset + title])])
    found.add("artist", [_text(found.raw[offset + title : offset + title + author])])


def _read_descriptors(found: ContainerTags, start: int, stop: int) -> None:
    """The extended content description: names of up to 64 kB, each before its value."""
    offset = start + 2
    for _ in range(_MAXIMUM_ENTRIES):
        if offset + 2 > stop:
            return
        name_end = offset + 2 + int.from_bytes(found.raw[offset : offset + 2], "little")
        if name_end + 4 > stop:
            return
        kind, length = struct.unpack_from("<HH", found.raw, name_end)
        end = name_end + 4 + length
        _add(found, found.raw[offset + 2 : name_end], kind, found.raw[name_end + 4 : end])
        offset = end


def _read_entries(found: ContainerTags, start: int, stop: int) -> None:
    """The metadata library, for values that are long or not the first of their name."""
    offset = start + 2
    for _ in range(_MAXIMUM_ENTRIES):
        if offset + _ENTRY.size > stop:
            return
        name_length, kind, length = _ENTRY.unpack_from(found.raw, offset)
        begin = offset + _ENTRY.size
        end = begin + name_length + length
        if end > stop:
            return
        _add(found, found.raw[begin : begin + name_length], kind, found.raw[begin + name_length : end])
        offset = end


def _add(found: ContainerTags, raw_name: bytes, kind: int, value: bytes) -> None:
    name = _text(raw_name).lower()
    if name == "wm/picture" and kind == _BINARY:
        found.pictures += _picture(value)
    elif kind == _TEXT:
        found.add(_NAMES.get(name, name), [_text(value)])
    elif kind in _NUMBERS:
        found.add(_NAMES.get(name, name), [str(int.from_bytes(value, "little"))])


def _picture(value: bytes) -> list[tuple[int, bytes]]:
    """The type, the length of the picture, its media type and its description, each text with two zeros at its end."""
    length = int.from_bytes(value[1:5], "little")
    picture = value[len(value) - length :] if 0 < length < len(value) else b""
    return [(value[0], picture)] if picture else []


def _text(data: bytes) -> str:
    return data.decode("utf-16-le", "replace").rstrip("\0")
