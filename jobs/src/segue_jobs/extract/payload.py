"""Identity of a track's audio: a hash of the file's audio payload, whatever its tags say.

Tags are edited all the time and must not make a track look new. So they are left out of the hash where a format is
known to keep them apart from the audio; any other file is hashed whole.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

_BLOCK_BYTES = 1 << 20
_ID3V1_BYTES = 128
_APE_FOOTER = struct.Struct("<8sIIII8x")
_APE_HAS_HEADER = 1 << 31
_OGG_PAGE = struct.Struct("<4sBBqIIIB")

Range = tuple[int, int]
"""First byte and the byte after the last."""


class _NotThisFormatError(Exception):
    """The file begins like a format and goes on unlike it."""


def payload_sha256(path: Path) -> str:
    """SHA-256 of the audio payload, hexadecimal.

    ID3v1, ID3v2 and APE tags, FLAC's metadata blocks, Ogg's comment packets and every RIFF chunk but ``fmt`` and
    ``data`` are left out.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        try:
            return _digest(file, list(_ranges(file, size)))
        except (_NotThisFormatError, struct.error):
            return _digest(file, [(0, size)])


def untagged_range(path: Path) -> Range:
    """Where the file's audio begins and ends, between the tags before and after it."""
    with path.open("rb") as file:
        return _without_tags(file, os.fstat(file.fileno()).st_size)


def _digest(file: BinaryIO, ranges: Iterable[Range]) -> str:
    digest = hashlib.sha256()
    for start, end in ranges:
        file.seek(start)
        left = end - start
        while left > 0 and (block := file.read(min(_BLOCK_BYTES, left))):
            digest.update(block)
            left -= len(block)
    return digest.hexdigest()


def _ranges(file: BinaryIO, size: int) -> Iterator[Range]:
    start, end = _without_tags(file, size)
    magic = _at(file, start, 12)
    if magic.startswith(b"fLaC"):
        yield _flac_audio(file, start, end), end
    elif magic.startswith(b"OggS"):
        yield from _ogg_packets(file, start, end)
    elif magic[:4] in (b"RIFF", b"RF64") and magic[8:] == b"WAVE":
        yield from _wave_chunks(file, start, end)
    else:
        yield start, end


def _at(file: BinaryIO, offset: int, length: int) -> bytes:
    file.seek(offset)
    return file.read(length)


def _without_tags(file: BinaryIO, size: int) -> Range:
    """Range between the tags that stand before and after the audio."""
    start = 0
    while length := _id3v2_length(_at(file, start, 10)):
        start += length
    end = size
    while end > start and (length := _trailing_tag_length(file, end)):
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
    while not last:
        header = _at(file, offset, 4)
        if len(header) < 4 or offset >= end:
            raise _NotThisFormatError
        last = bool(header[0] & 0x80)
        offset += 4 + int.from_bytes(header[1:], "big")
    return offset


def _wave_chunks(file: BinaryIO, start: int, end: int) -> Iterator[Range]:
    offset, found = start + 12, False
    while offset + 8 <= end:
        name, length = struct.unpack("<4sI", _at(file, offset, 8))
        stop = min(offset + 8 + length, end)  # a stream's header claims more than there is
        if name in (b"fmt ", b"data"):
            found = True
            yield offset + 8, stop
        offset = stop + length % 2
    if not found:
        raise _NotThisFormatError


def _ogg_packets(file: BinaryIO, start: int, end: int) -> Iterator[Range]:
    """Bodies of the pages without each stream's second packet, which holds its comments.

    Page headers are left out too: longer comments renumber all pages that follow.
    """
    finished: dict[int, int] = {}
    offset = start
    while offset < end:
        header = _at(file, offset, _OGG_PAGE.size)
        magic, _version, _flags, _position, serial, _number, _checksum, count = _OGG_PAGE.unpack(header)
        lacing = file.read(count)
        if magic != b"OggS" or len(lacing) < count:
            raise _NotThisFormatError
        body = offset + _OGG_PAGE.size + count
        if (packets := finished.get(serial, 0)) >= 2:
            yield body, min(body + sum(lacing), end)
        else:
            finished[serial] = yield from _header_packets(lacing, body, packets)
        offset = body + sum(lacing)


def _header_packets(lacing: bytes, offset: int, packets: int) -> Generator[Range, None, int]:
    """Parts of a page among a stream's first packets; returns how many packets are finished after it."""
    for length in lacing:
        if packets != 1:
            yield offset, offset + length
        offset += length
        if length < 255:
            packets += 1
    return packets
