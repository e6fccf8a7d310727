"""CSV cells to values: hostile, absurd or empty cells become a usable value or none."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterable

MAXIMUM_TEXT = 500
_MAXIMUM_GENRES = 20
_MAXIMUM_LITERAL = 20_000
_MAXIMUM_SECONDS = 7 * 24 * 3600.0
_UNKNOWN = frozenset(("", "-1", "nan", "none", "null", "n/a", "unknown"))
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_YEAR = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)")
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):(\d{1,2}(?:\.\d+)?)")


def text(cell: str) -> str | None:
    """Text on one line; more than 500 characters are cut and end with ``…``."""
    cleaned = " ".join(_CONTROL.sub(" ", cell[: 20 * MAXIMUM_TEXT]).split())
    if cleaned.lower() in _UNKNOWN:
        return None
    return cleaned if len(cleaned) <= MAXIMUM_TEXT else cleaned[: MAXIMUM_TEXT - 1].rstrip() + "…"


def year(cell: str) -> int | None:
    """First year from 1500 to 2099 in a date of any form."""
    match = _YEAR.search(cell[:100])
    return int(match.group(1)) if match else None


def seconds(cell: str) -> float | None:
    """Seconds of ``215``, ``215.3``, ``3:35`` or ``1:03:35``; None for what cannot be a track's length."""
    cell = cell.strip()[:100]
    if clock := _CLOCK.fullmatch(cell):
        hours, minutes, rest = clock.groups()
        value = int(hours or 0) * 3600 + int(minutes) * 60 + float(rest)
    else:
        try:
            value = float(cell)
        except ValueError:
            return None
    return value if math.isfinite(value) and 0 < value <= _MAXIMUM_SECONDS else None


def literal(cell: str) -> list[object]:
    """Elements of a list written as a Python literal, as FMA's files have it; empty for anything else."""
    if len(cell) > _MAXIMUM_LITERAL or not cell.lstrip().startswith("["):
        return []
    try:
        value = ast.literal_eval(cell.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return []
    return value if isinstance(value, list) else []


def genres(cell: str) -> tuple[str, ...]:
    """Genres of a literal list (of texts or of FMA's ``genre_title`` objects) or of names between ``; | ,``."""
    if cell.lstrip().startswith("["):
        entries = [entry.get("genre_title") if isinstance(entry, dict) else entry for entry in literal(cell)]
        return distinct(entry for entry in entries if isinstance(entry, str))
    return distinct(re.split(r"[;|,]", cell[:_MAXIMUM_LITERAL]))


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """Cleaned names, each once, in their order, at most 20."""
    cleaned = (name for name in map(text, names) if name is not None)
    return tuple(dict.fromkeys(cleaned))[:_MAXIMUM_GENRES]
