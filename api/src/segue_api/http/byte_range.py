"""The range of bytes that a request asks for (RFC 9110, section 14). No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass

_RANGE = re.compile(r"\s*bytes\s*=\s*([0-9]{0,18})-([0-9]{0,18})\s*", re.IGNORECASE)
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class ByteRange:
    """From the first byte to the one before ``end``."""

    start: int
    end: int


class UnsatisfiableError(Exception):
    """The range begins behind the end of the file."""


def requested_range(header: str | None, size: int) -> ByteRange | None:
    """The one range of a header; None for the whole file.

    What is not a valid single range counts as no range, as the RFC allows: a player asks for one, and answers of many
    parts are a way to make a server work.

    Raises
    ------
    UnsatisfiableError
        The file has no such byte.
    """
    found = _RANGE.fullmatch(header) if header and len(header) <= _LONGEST else None
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < start:
            return None
    if start >= size or start >= end:
        raise UnsatisfiableError
    return ByteRange(start, end)


def matches_etag(header: str | None, etag: str) -> bool:
    """Whether ``If-None-Match`` names this entity."""
    if header is None:
        return False
    return any(one.strip().removeprefix("W/") in (etag, "*") for one in header[:4096].split(","))
