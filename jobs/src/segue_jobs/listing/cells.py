"""Turns CSV cells into values: hostile, absurd or empty cells become a usable value or None."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterable

from segue_core.contract.wording import shorten
from segue_core.store.facts import MAXIMUM_NAMES, MAXIMUM_NUMBER

MAXIMUM_TEXT = 500
_MAXIMUM_GENRES = 20
_MAXIMUM_LITERAL = 20_000
_MAXIMUM_SECONDS = 7 * 24 * 3600.0
_UNKNOWN = frozenset(("-1", "nan", "none", "null", "n/a", "unknown"))
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_YEAR = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?:(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))?(?!\d)")
_COUNT = re.compile(r"\s*0*([1-9][0-9]{0,3})(?:\.0+)?\s*(?:/.*)?", re.DOTALL)
_MUSIC_BRAINZ_ID = re.compile(r"(?<![0-9a-f-])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f-])")
_ISRC = re.compile(r"(?<![A-Z0-9])([A-Z]{2})-?([A-Z0-9]{3})-?([0-9]{2})-?([0-9]{5})(?![A-Z0-9])")
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):(\d{1,2}(?:\.\d+)?)")


def text(cell: str) -> str | None:
    """A name from a CSV; None also for what programs write where there is none, such as ``NaN``."""
    found = name(cell)
    return None if found is not None and found.lower() in _UNKNOWN else found


def name(cell: str) -> str | None:
    """Text on one line, at most 500 characters; longer text is cut and ends with ``…``; None if nothing is left."""
    cleaned = " ".join(_CONTROL.sub(" ", cell[: 20 * MAXIMUM_TEXT]).split())
    return shorten(cleaned, MAXIMUM_TEXT) or None


def year(cell: str) -> int | None:
    """The first year from 1500 to 2099 in a date of any format, ``20190403`` included."""
    match = _YEAR.search(cell[:100])
    return int(match.group(1)) if match else None


def count(cell: str) -> int | None:
    """The number of a disc or a track, from ``3``, ``03`` or ``3/12``; None if it is none from 1 to 9999."""
    match = _COUNT.fullmatch(cell[:100])
    return int(match.group(1)) if match and int(match.group(1)) <= MAXIMUM_NUMBER else None


def music_brainz_ids(cell: str) -> tuple[str, ...]:
    """MusicBrainz identifiers, whatever separates them; at most 20."""
    found = _MUSIC_BRAINZ_ID.findall(cell[:_MAXIMUM_LITERAL].lower())
    return tuple(dict.fromkeys(found))[:MAXIMUM_NAMES]


def isrcs(cell: str) -> tuple[str, ...]:
    """International standard recording codes, with or without hyphens; at most 20."""
    found = _ISRC.findall(cell[:_MAXIMUM_LITERAL].upper())
    return tuple(dict.fromkeys("".join(parts) for parts in found))[:MAXIMUM_NAMES]


def names(cell: str) -> str | None:
    """Names in one line: of a list written as a Python literal, as in Kaggle's files, the names separated by commas."""
    if cell.strip() == "[]":
        return None
    return text(", ".join(distinct(entry for entry in literal(cell) if isinstance(entry, str))) or cell)


def seconds(cell: str, *, in_milliseconds: bool = False) -> float | None:
    """Seconds from ``215``, ``215.3``, ``3:35`` or ``1:03:35``; None if this cannot be a track's length."""
    cell = cell.strip()[:100]
    if clock := _CLOCK.fullmatch(cell):
        hours, minutes, rest = clock.groups()
        value = int(hours or 0) * 3600 + int(minutes) * 60 + float(rest)
    else:
        try:
            value = float(cell) / (1000 if in_milliseconds else 1)
        except ValueError:
            return None
    return value if math.isfinite(value) and 0 < value <= _MAXIMUM_SECONDS else None


def literal(cell: str) -> list[object]:
    """Elements of a list written as a Python literal, as in FMA's and Kaggle's files; empty for anything else."""
    if len(cell) > _MAXIMUM_LITERAL or not cell.lstrip().startswith("["):
        return []
    try:
        value = ast.literal_eval(cell.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return []
    return value if isinstance(value, list) else []


_BRACKETED = re.compile(r"\s*\[\s*[^\W\d_]")
"""The beginning of a name in brackets, such as "[Electronic]"."""


def genres(cell: str) -> tuple[str, ...]:
    """Genres from a literal list (of strings or FMA's ``genre_title`` objects) or from names separated by ``; | ,``."""
    if cell.lstrip().startswith("["):
        entries = literal(cell)
        if entries or not _BRACKETED.match(cell):
            titles = [entry.get("genre_title") if isinstance(entry, dict) else entry for entry in entries]
            return distinct(entry for entry in titles if isinstance(entry, str))
    return distinct(re.split(r"[;|,]", cell[:_MAXIMUM_LITERAL]))


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """Cleaned names in their order, without duplicates, at most 20."""
    cleaned = (name for name in map(text, names) if name is not None)
    return tuple(dict.fromkeys(cleaned))[:_MAXIMUM_GENRES]
