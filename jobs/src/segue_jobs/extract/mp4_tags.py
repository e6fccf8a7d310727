"""Tags of an MP4 file (m4a, m4b, ALAC) as iTunes and MusicBrainz Picard write them.

ffmpeg keeps one value of each name; an artist of two names would lose one. The boxes are those of ISO/IEC 14496-12, the
items in ``ilst`` those of Apple's QuickTime file format.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from segue_jobs.extract.bounded_file import BoundedFile
from segue_jobs.extract.container_values import ContainerTags
from segue_jobs.extract.id3 import genres_of

_MAXIMUM_BOXES = 10_000
_PLACE = (b"moov", b"udta", b"meta", b"ilst")
_META_HEADER = 4
"""Version and flags, which ``meta`` has before its boxes, and QuickTime's own does not."""
_DATA_HEADER = 8
_NAMES: Mapping[bytes, str] = {
    b"\xa9nam": "title", b"\xa9ART": "artist", b"\xa9alb": "album", b"\xa9gen": "genre", b"\xa9day": "date",
    b"aART": "albumartist", b"sonm": "titlesort", b"soar": "artistsort", b"soal": "albumsort",
    b"soaa": "albumartistsort",
}  # fmt: skip
_PAIRS: Mapping[bytes, str] = {b"trkn": "tracknumber", b"disk": "discnumber"}


def read_mp4(file: BoundedFile, begin: int, end: int) -> ContainerTags:
    """Values by their names as Vorbis comments, and pictures; empty if the file has no such tags.

    Raises
    ------
    TagsTooLargeError
        They are too large.
    """
    found = ContainerTags()
    start, stop = begin, end
    for name in _PLACE:
        place = next((box for kind, *box in _boxes_in_file(file, start, stop) if kind == name), None)
        if place is None:
            return found
        start, stop = place
        if name == b"meta":
            file.seek(start + 4)
            start += 0 if file.read(4) == b"hdlr" else _META_HEADER
    file.seek(start)
    found.raw, found.begin = file.read(stop - start), start
    for kind, item_start, item_stop in _boxes(found.raw, 0, len(found.raw)):
        _read_item(found, kind, item_start, item_stop)
    return found


def _read_item(found: ContainerTags, kind: bytes, start: int, stop: int) -> None:
    values: list[bytes] = []
    name = _NAMES.get(kind, "")
    for part, begin, end in _boxes(found.raw, start, stop):
        if part == b"data":
            values.append(found.raw[begin + _DATA_HEADER : end])
        elif part == b"name" and kind == b"----":
            name = found.raw[begin + 4 : end].decode("utf-8", "replace")
    if kind == b"covr":
        found.pictures += [(0, value) for value in values]
    elif kind == b"gnre" and values:  # counted from 1
        found.add("genre", genres_of([str(int.from_bytes(values[0][:2], "big") - 1)]))
    elif kind in _PAIRS and values:
        found.add(_PAIRS[kind], [str(int.from_bytes(values[0][2:4], "big"))])
    elif name:
        found.add(name, [value.decode("utf-8", "replace") for value in values])


def _boxes_in_file(file: BoundedFile, start: int, stop: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, and where the content begins and ends, of each box between two positions."""
    offset = start
    for _ in range(_MAXIMUM_BOXES):
        if offset + 8 > stop:
            return
        file.seek(offset)
        header = file.read(16)
        name, content, end = _box(header, offset, stop)
        if end <= offset:
            return
        yield name, content, end
        offset = end


def _boxes(data: bytes, start: int, stop: int) -> Iterator[tuple[bytes, int, int]]:
    """The same of boxes in memory."""
    offset = start
    for _ in range(_MAXIMUM_BOXES):
        if offset + 8 > stop:
            return
        name, content, end = _box(data[offset : offset + 16], offset, stop)
        if end <= offset:
            return
        yield name, content, end
        offset = end


def _box(header: bytes, offset: int, stop: int) -> tuple[bytes, int, int]:
    length, name, head = int.from_bytes(header[:4], "big"), header[4:8], 8
    if length == 1 and len(header) == 16:
        length, head = int.from_bytes(header[8:], "big"), 16
    end = stop if length == 0 else min(offset + length, stop)
    return name, offset + head, end if end >= offset + head else offset
