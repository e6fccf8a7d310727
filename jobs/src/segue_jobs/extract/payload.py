"""Identity of a track's audio: a hash of the file's audio payload, independent of its tags.

People edit tags all the time, and that must not make a track look new. So the hash leaves tags out if the format is
known to keep them apart from the audio; any other file is hashed as a whole.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from segue_core.store.ogg_pages import LARGEST_HEADER, ogg_page
from segue_jobs.extract.payload_containers import NotThisFormatError, Range, chunks, container_of

_BLOCK_BYTES = 1 << 20
_ID3V1_BYTES = 128
_APE_FOOTER = struct.Struct("<8sIIII8x")
_APE_HAS_HEADER = 1 << 31

_MAXIMUM_TAGS = 100
"""At either end of a file; what follows counts as audio."""
_MAXIMUM_PARTS = 10_000
_SMALLEST_PAGE = 512
"""Average bytes of the pages of an Ogg file, without the first ones; a file of smaller ones is hashed as a whole."""
_READ_AHEAD_BYTES = 1 << 18
"""Ogg has a header every few kilobytes: this many bytes are read at once."""
_WAVE_HEAD = struct.Struct("<4sI")


class Payload(NamedTuple):
    """The audio in a file."""

    sha256: str
    """In hexadecimal."""
    bytes: int


def payload_sha256(path: Path) -> str:
    """SHA-256 of the audio payload, in hexadecimal; see `read_payload`."""
    return read_payload(path).sha256


def read_payload(path: Path) -> Payload:
    """Hash and size of the audio payload.

    It leaves out ID3v1, ID3v2 and APE tags, FLAC metadata blocks, Ogg comment packets, all RIFF and IFF chunks except
    those with format and samples, and all of MP4, ASF and Matroska but their packets.
    """
    with path.open("rb", buffering=_READ_AHEAD_BYTES) as file:
        size = os.fstat(file.fileno()).st_size
        try:
            return _digest(file, _ranges(file, size))
        except (NotThisFormatError, struct.error):
            return _digest(file, [(0, size)])


def untagged_range(path: Path) -> Range:
    """Where the file's audio begins and ends, between leading and trailing tags."""
    with path.open("rb") as file:
        return _without_tags(file, os.fstat(file.fileno()).st_size)


def _digest(file: BinaryIO, ranges: Iterable[Range]) -> Payload:
    digest, total = hashlib.sha256(), 0
    for start, end in ranges:
        file.seek(start)
        left = end - start
        while left > 0 and (block := file.read(min(_BLOCK_BYTES, left))):
            digest.update(block)
            left -= len(block)
            total += len(block)
    return Payload(digest.hexdigest(), total)


def _ranges(file: BinaryIO, size: int) -> Iterator[Range]:
    start, end = _without_tags(file, size)
    magic = _at(file, start, 16)
    if magic.startswith(b"fLaC"):
        yield _flac_audio(file, start, end), end
    elif magic.startswith(b"OggS"):
        yield from _ogg_packets(file, start, end)
    elif magic[:4] in (b"RIFF", b"RF64") and magic[8:12] == b"WAVE":
        yield from chunks(file, start + 12, end, _WAVE_HEAD, (b"fmt ", b"data"))
    elif container := container_of(magic):
        yield from container(file, start, end)
    else:
        yield start, end


def _at(file: BinaryIO, offset: int, length: int) -> bytes:
    file.seek(offset)
    return file.read(length)


def _without_tags(file: BinaryIO, size: int) -> Range:
    """Range between leading and trailing tags."""
    start, end = 0, size
    for _ in range(_MAXIMUM_TAGS):
        if not (length := _id3v2_length(_at(file, start, 10))):
            break
        start += length
    for _ in range(_MAXIMUM_TAGS):
        if end <= start or not (length := _trailing_tag_length(file, end)):
            break
        end -= length
    return (start, end) if start < end else (0, size)


def _id3v2_length(header: bytes) -> int:
    if len(header) < 10 or not header.startswith(b"ID3") or max(header[6:]) > 127:
        return 0
    length = header[6] << 21 | header[7] << 14 | header[8] << 7 | header[9]
    has_footer = bool(header[5] & 0x10)
    return 10 + length + (10 if has_footer else 0)


def _trailing_tag_length(file: BinaryIO, end: int) -> int:
    if end >= _ID3V1_BYTES and _at(file, end - _ID3V1_BYTES, 3) == b"TAG":
        return _ID3V1_BYTES
    if end < _APE_FOOTER.size:
        return 0
    magic, _version, length, _items, flags = _APE_FOOTER.unpack(_at(file, end - _APE_FOOTER.size, _APE_FOOTER.size))
    if magic != b"APETAGEX" or not _APE_FOOTER.size <= length <= end:
        return 0
    return int(length + (_APE_FOOTER.size if flags & _APE_HAS_HEADER else 0))


def _flac_audio(file: BinaryIO, start: int, end: int) -> int:
    """Where the frames begin: after the last metadata block."""
    offset, last = start + 4, False
    for _ in range(_MAXIMUM_PARTS):
        if last:
            return offset
        header = _at(file, offset, 4)
        if len(header) < 4 or offset >= end:
            raise NotThisFormatError
        last = bool(header[0] & 0x80)
        offset += 4 + int.from_bytes(header[1:], "big")
    raise NotThisFormatError


def _ogg_packets(file: BinaryIO, start: int, end: int) -> Iterator[Range]:
    """Bodies of the pages, without the second packet of each stream, which contains the comments.

    Page headers are left out too, because longer comments renumber all following pages.
    """
    finished: dict[int, int] = {}
    offset, pages = start, 0
    while offset < end:
        pages += 1
        if pages > _MAXIMUM_PARTS + (offset - start) // _SMALLEST_PAGE:
            raise NotThisFormatError
        page = ogg_page(_at(file, offset, LARGEST_HEADER))
        if page is None:
            raise NotThisFormatError
        body, next_page = offset + page.header_size, offset + page.size
        if (packets := finished.get(page.serial, 0)) >= 2:
            yield body, min(next_page, end)
        else:
            finished[page.serial] = yield from _header_packets(page.lacing, body, packets)
        offset = next_page


def _header_packets(lacing: bytes, offset: int, packets: int) -> Generator[Range, None, int]:
    """Ranges of a page with some of a stream's first packets; returns how many packets are complete after it."""
    for length in lacing:
        if packets != 1:
            yield offset, offset + length
        offset += length
        if length < 255:
            packets += 1
    return packets
