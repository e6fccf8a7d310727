"""Where the audio is in containers that keep tags between it: the parts that retagging leaves alone."""

from __future__ import annotations

import struct
from collections.abc import Callable, Container, Iterator
from typing import BinaryIO

Range = tuple[int, int]
"""Position of the first byte, and of the byte after the last."""

_ASF_DATA = bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c")
_ASF_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_DATA_HEADER_BYTES = 50
_EBML, _SEGMENT, _CLUSTER = b"\x1a\x45\xdf\xa3", 0x18538067, 0x1F43B675
_MAXIMUM_PARTS = 1_000_000


class NotThisFormatError(Exception):
    """The file begins like a certain format but does not continue like it."""


def container_of(magic: bytes) -> Callable[[BinaryIO, int, int], Iterator[Range]] | None:
    """What finds the audio in a container that begins like this; None for others."""
    if magic[:4] == b"FORM" and magic[8:12] in (b"AIFF", b"AIFC"):
        return _aiff
    if magic[:4] == b"FRM8":
        return _dsdiff
    if magic[:4] == b"DSD ":
        return _dsf
    if magic[4:8] == b"ftyp":
        return _mp4
    if magic[:16] == _ASF_HEADER:
        return _asf
    return _matroska if magic[:4] == _EBML else None


def chunks(
    file: BinaryIO, start: int, end: int, head: struct.Struct, wanted: Container[bytes], *, counted: int = 0
) -> Iterator[Range]:
    """Contents of the wanted chunks: a name, a size, a content that is padded to an even length.

    Parameters
    ----------
    counted
        Bytes of the header that the size includes.

    Raises
    ------
    NotThisFormatError
        None of them is there.
    """
    offset, found = start, False
    for _ in range(_MAXIMUM_PARTS):
        header = _at(file, offset, head.size, end)
        if len(header) < head.size:
            break
        name, length = head.unpack(header)
        length = max(0, length - counted)
        begin = offset + head.size
        if not length and name in wanted:
            length = end - begin  # a recorder that crashed before it wrote the size
        stop = min(begin + length, end)  # the header of a stream claims more than there is
        if name in wanted:
            found = True
            yield begin, stop
        offset = begin + length + (length % 2 if not counted else 0)
    if not found:
        raise NotThisFormatError


def _at(file: BinaryIO, offset: int, length: int, end: int) -> bytes:
    """Bytes at a position; none beyond the end, wherever a header says that something is."""
    if offset >= end:
        return b""
    file.seek(offset)
    return file.read(min(length, end - offset))


def _aiff(file: BinaryIO, start: int, end: int) -> Iterator[Range]:
    yield from chunks(file, start + 12, end, struct.Struct(">4sI"), (b"COMM", b"SSND"))


def _dsdiff(file: BinaryIO, start: int, end: int) -> Iterator[Range]:
    yield from chunks(file, start + 16, end, struct.Struct(">4sQ"), (b"PROP", b"DSD ", b"DST "))


def _dsf(file: BinaryIO, start: int, end: int) -> Iterator[Range]:
    yield from chunks(file, start + 28, end, struct.Struct("<4sQ"), (b"fmt ", b"data"), counted=12)


def _mp4(file: BinaryIO, start: int, end: int) -> Iterator[Range]:
    """Contents of the ``mdat`` boxes: tags are in ``moov``, as are positions, which change with them."""
    offset, found = start, False
    for _ in range(_MAXIMUM_PARTS):
        header = _at(file, offset, 16, end)
        if len(header) < 8:
            break
        length, name = struct.unpack(">I4s", header[:8])
        head = 8
        if length == 1 and len(header) == 16:
            length, head = int.from_bytes(header[8:], "big"), 16
        stop = end if length == 0 else min(offset + length, end)
        if stop < offset + head:
            break
        if name == b"mdat" and stop > offset + head:
            found = True
            yield offset + head, stop
        offset = stop
    if not found:
        raise NotThisFormatError


def _asf(file: BinaryIO, start: int, end: int) -> Iterator[Range]:
    offset = start
    for _ in range(_MAXIMUM_PARTS):
        header = _at(file, offset, 24, end)
        if len(header) < 24:
            break
        length = int.from_bytes(header[16:], "little")
        if header[:16] == _ASF_DATA:
            yield min(offset + _ASF_DATA_HEADER_BYTES, end), min(offset + length, end) if length else end
            return
        if length < 24:
            break
        offset += length
    raise NotThisFormatError


def _matroska(file: BinaryIO, start: int, end: int) -> Iterator[Range]:
    offset, found = start, False
    for _ in range(_MAXIMUM_PARTS):
        name, length, begin = _element(_at(file, offset, 12, end), offset)
        if begin == offset:
            break
        if name == _SEGMENT:
            offset = begin
            continue
        stop = end if length is None else min(begin + length, end)
        if name == _CLUSTER:
            found = True
            yield begin, stop
        offset = stop
    if not found:
        raise NotThisFormatError


def _element(header: bytes, offset: int) -> tuple[int, int | None, int]:
    """Name, length (None if unknown) and where the content begins: at the offset if this is no element."""
    if len(header) < 2 or not header[0] & 0xF0:
        return 0, None, offset
    name_bytes = 9 - header[0].bit_length()
    rest = header[name_bytes:]
    if not rest or not rest[0]:
        return 0, None, offset
    size_bytes = 9 - rest[0].bit_length()
    length = int.from_bytes(rest[:size_bytes], "big") & ((1 << 7 * size_bytes) - 1)
    unknown = length == (1 << 7 * size_bytes) - 1
    return int.from_bytes(header[:name_bytes], "big"), None if unknown else length, offset + name_bytes + size_bytes
