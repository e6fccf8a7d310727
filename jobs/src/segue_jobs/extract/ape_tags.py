"""APE tags, version 2, at the end of a file: an mp3, a Monkey's Audio or a WavPack file may have one.

See https://wiki.hydrogenaud.io/index.php?title=APEv2_specification.
"""

from __future__ import annotations

import os
import struct
from collections import defaultdict

from segue_jobs.extract.bounded_file import BoundedFile

_FOOTER = struct.Struct("<8sIIII8x")
_ITEM = struct.Struct("<II")
_ID3V1_BYTES = 128
_MAXIMUM_BYTES = 16 << 20
_MAXIMUM_ITEMS = 1000
_LONGEST_KEY = 255
_MAXIMUM_TEXT = 64 << 10
_MAXIMUM_VALUES = 100
_KIND = 6
"""Bits of an item's flags; 0 for text in UTF-8."""


def read_ape(file: BoundedFile) -> defaultdict[str, list[str]]:
    """Values by their names in lower case; empty if there is no such tag.

    Raises
    ------
    TagsTooLargeError
        It is too large.
    """
    end = file.seek(0, os.SEEK_END)
    for before in (end, end - _ID3V1_BYTES):
        if before < _FOOTER.size:
            break
        file.seek(before - _FOOTER.size)
        magic, _, size, items, _ = _FOOTER.unpack(file.read(_FOOTER.size))
        if magic == b"APETAGEX" and _FOOTER.size <= size <= min(before, _MAXIMUM_BYTES):
            file.seek(before - size)
            return _read_items(file.read(size - _FOOTER.size), items)
    return defaultdict(list)


def _read_items(data: bytes, items: int) -> defaultdict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    offset = 0
    for _ in range(min(items, _MAXIMUM_ITEMS)):
        key_end = data.find(b"\0", offset + _ITEM.size, offset + _ITEM.size + _LONGEST_KEY)
        if key_end < 0:
            break
        size, flags = _ITEM.unpack_from(data, offset)
        key = data[offset + _ITEM.size : key_end].decode("ascii", "replace").lower()
        offset = key_end + 1 + size
        if offset > len(data):
            break
        if not flags & _KIND:
            text = data[offset - size : offset][:_MAXIMUM_TEXT].decode("utf-8", "replace")
            found[key] += [value for value in text.split("\0", _MAXIMUM_VALUES)[:_MAXIMUM_VALUES] if value]
    return found
