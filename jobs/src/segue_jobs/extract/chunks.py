"""The chunk of a RIFF or IFF file that holds an ID3 tag."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from segue_jobs.extract.bounded_file import BoundedFile

_NAMES = frozenset((b"id3 ", b"ID3 "))
_ORDERS: Mapping[bytes, Literal["little", "big"]] = {b"RIFF": "little", b"RF64": "little", b"FORM": "big"}
"""Order of the bytes in a chunk's size."""


def find_chunk(file: BoundedFile, begin: int, end: int, magic: bytes) -> int | None:
    """Where the content of the chunk with the tag begins; the file's end if it has none; None for other formats.

    Raises
    ------
    TagsTooLargeError
        The file has far too many chunks.
    """
    order = _ORDERS.get(magic[:4])
    if order is None:
        return None
    offset = begin + 12
    while offset + 8 <= end:
        file.seek(offset)
        head = file.read(8)
        if head[:4] in _NAMES:
            return offset + 8
        size = int.from_bytes(head[4:], order)
        offset += 8 + size + size % 2
    return end
