"""Pictures in an Ogg file: Ogg cuts them into pages, and Vorbis comments have them as text besides.

So a picture stands nowhere in the file as it is. A `Cover` refers to the file's headers instead, and whoever reads it
takes the picture out of them again. Formats: RFC 3533 (Ogg), the Vorbis I specification (section 5, comments), RFC 7845
(Opus), RFC 9639 (FLAC). Files are hostile: every length is checked, and every loop is bounded.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from segue_core.store.facts import MAXIMUM_COVER_BYTES
from segue_core.store.ogg_pages import LARGEST_HEADER, ogg_page

_MAXIMUM_PAGES = 20_000
_MAXIMUM_PACKETS = 200
_MAXIMUM_COMMENTS = 10_000
_COMMENT_MAGIC = (b"\x03vorbis", b"OpusTags")
_NAME = b"metadata_block_picture="
_FLAC, _SPEEX = b"\x7fFLAC", b"Speex   "
_FLAC_COMMENTS, _FLAC_PICTURE = 4, 6


def headers_size(read: Callable[[int, int], bytes]) -> int:
    """Bytes of the pages before the first audio: up to the first page of the first stream with a time.

    Parameters
    ----------
    read
        Bytes from an offset, at most so many.

    Returns
    -------
    int
        0 if this is no Ogg file, or if its headers are larger than a cover may be.
    """
    place, own = 0, None
    for _ in range(_MAXIMUM_PAGES):
        page = ogg_page(read(place, LARGEST_HEADER))
        if page is None or place > MAXIMUM_COVER_BYTES:
            return 0
        own = page.serial if own is None else own
        if page.serial == own and page.granule > 0:
            return place
        place += page.size
    return 0


def ogg_pictures(headers: bytes) -> list[tuple[int, bytes]]:
    """Type and content of each picture in the headers of the first stream.

    Parameters
    ----------
    headers
        The file from its first page on, `headers_size` bytes.
    """
    packets = list(islice(_packets(headers), _MAXIMUM_PACKETS))
    pictures = map(_picture, (*_blocks(packets), *_described(packets)))
    return [picture for picture in pictures if picture is not None]


def ogg_picture(headers: bytes, sha256: str | None) -> bytes:
    """The picture in the headers that has this hash, hexadecimal; empty if none has."""
    pictures = (content for _, content in ogg_pictures(headers))
    return next((content for content in pictures if hashlib.sha256(content).hexdigest() == sha256), b"")


def _packets(data: bytes) -> Iterator[bytes]:
    """Whole packets of the first stream."""
    place, own, parts = 0, None, list[bytes]()
    for _ in range(_MAXIMUM_PAGES):
        page = ogg_page(data[place : place + LARGEST_HEADER])
        if page is None:
            return
        own = page.serial if own is None else own
        start = end = place + page.header_size
        place += page.size
        if page.serial != own:
            continue
        for size in page.lacing:
            end += size
            if size < 255:
                yield b"".join((*parts, data[start:end]))
                start, parts = end, []
        parts.append(data[start:end])


def _blocks(packets: Sequence[bytes]) -> Iterator[bytes]:
    """Picture blocks of FLAC in Ogg."""
    if packets and packets[0].startswith(_FLAC):
        yield from (packet[4:] for packet in packets[1:] if _flac_kind(packet) == _FLAC_PICTURE)


def _described(packets: Sequence[bytes]) -> Iterator[bytes]:
    """Picture blocks in the comments."""
    for packet in packets[1:2]:
        magic = next((magic for magic in _COMMENT_MAGIC if packet.startswith(magic)), b"")
        if packets[0].startswith(_FLAC) and _flac_kind(packet) == _FLAC_COMMENTS:
            magic = packet[:4]
        if magic or packets[0].startswith(_SPEEX):
            yield from (block for block in map(_decoded, _comments(packet[len(magic) :])) if block is not None)


def _flac_kind(packet: bytes) -> int | None:
    return packet[0] & 0x7F if packet else None


def _comments(data: bytes) -> Iterator[bytes]:
    """Values of the comments that are pictures, as text."""
    _, place = _sized(data, 0, "<I")  # who wrote it
    place += 4  # how many there are
    for _ in range(_MAXIMUM_COMMENTS):
        comment, place = _sized(data, place, "<I")
        if comment is None:
            return
        if comment[: len(_NAME)].lower() == _NAME:
            yield comment[len(_NAME) :]


def _decoded(text: bytes) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return None


def _picture(block: bytes) -> tuple[int, bytes] | None:
    """A FLAC picture block: type, media type, description, four numbers, content."""
    _, place = _sized(block, 4, ">I")
    _, place = _sized(block, place, ">I")
    content, _ = _sized(block, place + 16, ">I")
    return None if content is None else (int.from_bytes(block[:4], "big"), content)


def _sized(data: bytes, place: int, form: str) -> tuple[bytes | None, int]:
    """Bytes after their own length, and where they end; None if the data end before."""
    if place + 4 > len(data):
        return None, len(data)
    (size,) = struct.unpack_from(form, data, place)
    end = place + 4 + size
    return (None, len(data)) if end > len(data) else (data[place + 4 : end], end)
