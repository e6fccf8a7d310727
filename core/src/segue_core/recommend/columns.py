"""Strings, names and ids of a table that grows, in compact form; longer versions share the memory of shorter ones."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from segue_core.similarity.arrays import Compact, Integers
from segue_core.similarity.columns import Column

_NOTHING = b"\xff"
"""Stands for None; it occurs in no UTF-8 text."""
_MOST_UNSORTED = 2048
_FEWEST_CHANGES = 1024
_CHANGES_OF_ROOT = 4
"""Changes are copied each time, and all ids once in so many changes: a multiple of their root makes both cheap."""

Name = TypeVar("Name", bound=Hashable)


class TextColumn:
    """Strings, or None, in one block of UTF-8: some 60 bytes a row less than Python's own strings."""

    def __init__(self, text: Column, ends: Column) -> None:
        self._text = text
        self._ends = ends

    @classmethod
    def of(cls, values: Iterable[str | None]) -> TextColumn:
        """Encode strings."""
        text, ends = _encoded(values, 0)
        return cls(Column(text), Column(ends))

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, row: int) -> str | None:
        ends = self._ends.values
        raw = self._text.values[int(ends[row - 1]) if row else 0 : int(ends[row])].tobytes()
        return None if raw == _NOTHING else raw.decode("utf-8", "surrogatepass")

    def at(self, rows: Integers) -> list[str | None]:
        """Strings of these rows."""
        ends = self._ends.values
        last = ends[rows].tolist()
        first = np.where(rows > 0, ends[rows - 1], 0).tolist()
        text = self._text.values.data
        raws = [text[start:end].tobytes() for start, end in zip(first, last, strict=True)]
        return [None if raw == _NOTHING else raw.decode("utf-8", "surrogatepass") for raw in raws]

    def __iter__(self) -> Iterator[str | None]:
        text, start = self._text.values.tobytes(), 0
        for end in self._ends.values.tolist():
            raw, start = text[start:end], end
            yield None if raw == _NOTHING else raw.decode("utf-8", "surrogatepass")

    @classmethod
    def from_arrays(cls, text: NDArray[np.uint8], ends: NDArray[np.int64]) -> TextColumn:
        """A column of what `arrays` gave.

        Raises
        ------
        ValueError
            It gave something else.
        """
        if len(ends) and (ends[0] < 0 or ends[-1] != len(text) or (np.diff(ends) < 0).any()):
            raise ValueError("the strings do not end where the text ends")
        return cls(Column(text), Column(ends))

    @property
    def arrays(self) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """All strings as UTF-8, and where each of them ends."""
        return self._text.values, self._ends.values

    def extended(self, values: Iterable[str | None]) -> TextColumn:
        """A column with these strings behind its own."""
        text, ends = _encoded(values, len(self._text))
        return TextColumn(self._text.extended(text), self._ends.extended(ends))

    def taken(self, rows: Integers) -> TextColumn:
        """A column of these rows alone."""
        ends = self._ends.values
        starts = np.where(rows > 0, ends[rows - 1], 0) if len(rows) else np.empty(0, dtype=np.int64)
        lengths = ends[rows] - starts
        made = np.cumsum(lengths)
        places = np.arange(int(lengths.sum())) + np.repeat(starts - (made - lengths), lengths)
        return TextColumn(Column(self._text.values[places]), Column(made))


def _encoded(values: Iterable[str | None], start: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    text, ends = bytearray(), []
    for value in values:
        text += _NOTHING if value is None else value.encode("utf-8", "surrogatepass")
        ends.append(start + len(text))
    return np.frombuffer(bytes(text), dtype=np.uint8), np.array(ends, dtype=np.int64)


class Vocabulary(Generic[Name]):
    """Numbers for names that many rows share; it only grows, so all versions of a table may use one."""

    def __init__(self) -> None:
        self._names: list[Name] = []
        self._numbers: dict[Name, int] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, number: int) -> Name:
        return self._names[number]

    def __iter__(self) -> Iterator[Name]:
        return iter(self._names[: len(self)])

    def find(self, name: Name) -> int | None:
        """Number of a name that is known."""
        return self._numbers.get(name)

    def number(self, name: Name) -> int:
        """Number of a name, which is added if it is new."""
        found = self._numbers.get(name)
        if found is None:
            with self._lock:
                found = self._numbers.get(name)
                if found is None:
                    found = len(self._names)
                    self._names.append(name)
                    self._numbers[name] = found
        return found


class Identities:
    """Rows by a number that duplicates share; 0 marks an unknown one, which has no duplicates.

    Most rows are sorted by their number; those that came later are compared one by one, until they are many.
    """

    def __init__(self, column: Column, base: _Sorted | None = None) -> None:
        self._column = column
        base = _Sorted.of(column.values) if base is None else base
        self._base = base if len(column) - len(base.rows) <= _MOST_UNSORTED else base.with_more(column.values)

    @property
    def codes(self) -> NDArray[np.uint64]:
        """(n,) number of each row."""
        return self._column.values

    def extended(self, more: NDArray[np.uint64]) -> Identities:
        """With these numbers behind its own."""
        return Identities(self._column.extended(more), self._base)

    def taken(self, rows: Integers) -> Identities:
        """Of these rows alone."""
        return Identities(self._column.taken(rows))

    def rows_with(self, codes: NDArray[np.uint64]) -> Integers:
        """Rows that have one of these numbers."""
        wanted = codes[codes > 0]
        first, last = np.searchsorted(self._base.codes, wanted), np.searchsorted(self._base.codes, wanted, side="right")
        spans = zip(first.tolist(), last.tolist(), strict=True)
        found: list[Integers | Compact] = [self._base.rows[start:end] for start, end in spans]
        known = len(self._base.rows)
        if known < len(self._column):
            found.append(np.flatnonzero(np.isin(self.codes[known:], wanted)) + known)
        return np.concatenate([np.empty(0, dtype=np.intp), *found])


@dataclass(frozen=True)
class _Sorted:
    codes: NDArray[np.uint64]
    """Ascending."""
    rows: Compact

    @classmethod
    def of(cls, codes: NDArray[np.uint64]) -> _Sorted:
        rows = np.argsort(codes, kind="stable").astype(np.int32)
        return cls(codes[rows], rows)

    def with_more(self, codes: NDArray[np.uint64]) -> _Sorted:
        """The first rows of ``codes`` are these; the others are added to them."""
        known = len(self.rows)
        more = _Sorted.of(codes[known:])
        places = np.searchsorted(self.codes, more.codes, side="right")
        return _Sorted(np.insert(self.codes, places, more.codes), np.insert(self.rows, places, more.rows + known))


class RowIndex(Mapping[str, int]):
    """Id -> row. Changes are kept apart, so that a new version need not copy all ids, until they are many."""

    def __init__(self, base: Mapping[str, int], changes: Mapping[str, int | None] | None = None) -> None:
        self._base = base
        self._changes: Mapping[str, int | None] = changes or {}
        if len(self._changes) > max(_FEWEST_CHANGES, _CHANGES_OF_ROOT * math.isqrt(len(base))):
            self._base, self._changes = self._merged(), {}
        known = sum(1 for track_id in self._changes if track_id in self._base)
        removed = sum(1 for row in self._changes.values() if row is None)
        self._length = len(self._base) + len(self._changes) - known - removed

    def __getitem__(self, track_id: str) -> int:
        if track_id in self._changes:
            row = self._changes[track_id]
            if row is None:
                raise KeyError(track_id)
            return row
        return self._base[track_id]

    def __contains__(self, track_id: object) -> bool:
        if track_id in self._changes:
            return self._changes[track_id] is not None  # type: ignore[index]  # a key, since it is there
        return track_id in self._base

    def __iter__(self) -> Iterator[str]:
        yield from (track_id for track_id in self._base if track_id not in self._changes)
        yield from (track_id for track_id, row in self._changes.items() if row is not None)

    def __len__(self) -> int:
        return self._length

    def _merged(self) -> dict[str, int]:
        merged = {**self._base, **{track_id: row for track_id, row in self._changes.items() if row is not None}}
        for track_id, row in self._changes.items():
            if row is None:
                merged.pop(track_id, None)
        return merged

    def changed(self, added: Sequence[tuple[str, int]], removed: Iterable[str]) -> RowIndex:
        """With these ids removed, then these rows added."""
        changes = {**self._changes, **dict.fromkeys((one for one in removed if one in self), None), **dict(added)}
        return RowIndex(self._base, changes)

    def renumbered(self, rows: Integers) -> RowIndex:
        """For a table of these ascending rows alone, which are all that the ids have."""
        numbers = np.empty(int(rows[-1]) + 1 if len(rows) else 0, dtype=np.intp)
        numbers[rows] = np.arange(len(rows))
        merged = self._merged()
        old = np.fromiter(merged.values(), dtype=np.intp, count=len(merged))
        return RowIndex(dict(zip(merged, numbers[old].tolist(), strict=True)))
