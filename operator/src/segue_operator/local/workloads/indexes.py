"""Sets of completion indexes in the Job API's form: ``0-2,5``. Pure."""

from __future__ import annotations

from collections.abc import Iterable


def write(indexes: Iterable[int]) -> str:
    """The indexes as ranges; two neighbours are written apart by a comma, as Kubernetes does."""
    ranges: list[list[int]] = []
    for index in sorted(set(indexes)):
        if ranges and ranges[-1][1] == index - 1:
            ranges[-1][1] = index
        else:
            ranges.append([index, index])
    return ",".join(_range(first, last) for first, last in ranges)


def _range(first: int, last: int) -> str:
    if first == last:
        return str(first)
    return f"{first},{last}" if last == first + 1 else f"{first}-{last}"


def read(text: str | None) -> set[int]:
    """The indexes of such a text."""
    found: set[int] = set()
    for part in (text or "").split(","):
        first, _, last = part.partition("-")
        if first:
            found.update(range(int(first), int(last or first) + 1))
    return found
