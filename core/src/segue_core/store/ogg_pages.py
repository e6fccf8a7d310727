"""Pages of an Ogg file (RFC 3533). Files are hostile: a page says nothing that its bytes do not hold."""

from __future__ import annotations

import struct
from typing import NamedTuple

_HEAD = struct.Struct("<4sBBqIIIB")
"""Capture pattern, version, flags, granule position, serial number, page number, checksum, segments."""
LARGEST_HEADER = _HEAD.size + 255


class OggPage(NamedTuple):
    """The header of a page."""

    granule: int
    """Granule position: time, in the unit of its stream."""
    serial: int
    """Which stream it belongs to."""
    lacing: bytes
    """Length of each segment; a packet ends with one of fewer than 255 bytes."""

    @property
    def header_size(self) -> int:
        """Bytes before its body."""
        return _HEAD.size + len(self.lacing)

    @property
    def size(self) -> int:
        """Bytes of the whole page."""
        return self.header_size + sum(self.lacing)


def ogg_page(beginning: bytes) -> OggPage | None:
    """The header of a page from its first bytes, `LARGEST_HEADER` of them; None if this is not the beginning of one."""
    if len(beginning) < _HEAD.size or not beginning.startswith(b"OggS"):
        return None
    _, _, _, granule, serial, _, _, count = _HEAD.unpack_from(beginning)
    lacing = beginning[_HEAD.size : _HEAD.size + count]
    return None if len(lacing) < count else OggPage(granule, serial, lacing)
