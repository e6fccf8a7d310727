"""Lists of tracks and files: ids and paths are whole, because people copy them; what is beside them makes room."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from segue.render.tables import cell, table

_GAP = 2
_PIPE_TEXT = 200
"""Columns of a text at most in a pipe, where only ids, paths and sentences are always whole."""


class Kind(Enum):
    """What a column holds."""

    WHOLE = auto()
    """What people copy: it is never cut nor broken."""
    NUMBER = auto()
    SHORT = auto()
    """A word that is never cut."""
    TEXT = auto()
    """May be cut."""
    PATH = auto()
    """May be cut at its beginning: its end says which file it is."""
    PROSE = auto()
    """May be wrapped."""


_LEAST = {Kind.TEXT: 10, Kind.PATH: 14, Kind.PROSE: 30}
"""Columns that texts and sentences need at least to stand beside an id; with less, they stand below it. Texts get what
is left first, because sentences can wrap."""
Columns = Sequence[tuple[str, Kind]]


@dataclass(frozen=True)
class _Line:
    cells: Sequence[Text]
    below: Sequence[Text] = ()


class Listing:
    """A list whose lines are a row each where there is room; else what people copy has lines of its own.

    Parameters
    ----------
    columns
        Name and kind of each.
    lines
        Values of each line, in the order of the columns.
    below
        For each line, what stands below it in any case, and is not cut.
    """

    def __init__(
        self, columns: Columns, lines: Iterable[Sequence[object]], below: Iterable[Sequence[Text]] | None = None
    ) -> None:
        self._columns = columns
        rows = [[value if isinstance(value, Text) else cell(value) for value in line] for line in lines]
        given = list(below) if below is not None else [()] * len(rows)
        self._lines = [_Line(cells, more) for cells, more in zip(rows, given, strict=True)]

    def print(self, console: Console) -> None:
        """Print it in the layout that fits."""
        widths = self._fitted(console.width) if console.is_terminal else self._uncut()
        if widths is not None:
            self._print_rows(console, widths)
        elif self._columns[0][1] is Kind.WHOLE:
            self._print_entries(console)
        else:
            self._print_with_ids_below(console)

    def _uncut(self) -> list[int]:
        kinds = [kind for _, kind in self._columns]
        return [
            min(width, _PIPE_TEXT) if kind in (Kind.TEXT, Kind.PATH) else width
            for width, kind in zip(self._natural(), kinds, strict=True)
        ]

    def _natural(self) -> list[int]:
        return [
            max([len(name), *(cell_len(line.cells[place].plain) for line in self._lines)])
            for place, (name, _) in enumerate(self._columns)
        ]

    def _fitted(self, room: int) -> list[int] | None:
        """Width of each column; None if not all of them fit beside each other."""
        natural = self._natural()
        kinds = [kind for _, kind in self._columns]
        widths = [
            min(width, _LEAST[kind]) if kind in _LEAST else width for width, kind in zip(natural, kinds, strict=True)
        ]
        left = room - _GAP * (len(widths) - 1) - sum(widths)
        if left < 0:
            return None
        for shrinkable in _LEAST:
            places = [place for place, kind in enumerate(kinds) if kind is shrinkable]
            places.sort(key=lambda place: natural[place] - widths[place])
            for place, others in zip(places, range(len(places), 0, -1), strict=True):
                more = min(natural[place] - widths[place], left // others)
                widths[place] += more
                left -= more
        return widths

    def _print_rows(self, console: Console, widths: Sequence[int]) -> None:
        if not any(line.below for line in self._lines):
            self._print_table(console, widths, self._lines, header=True)
            return
        indent = " " * self._beginning(widths)
        for place, line in enumerate(self._lines):
            self._print_table(console, widths, [line], header=not place)
            for text in line.below:
                console.print(Text(indent) + text, soft_wrap=True)

    def _beginning(self, widths: Sequence[int]) -> int:
        """Where the first text begins, behind the numbers."""
        first = next((place for place, (_, kind) in enumerate(self._columns) if kind in _LEAST), 0)
        return sum(widths[:first]) + _GAP * first

    def _print_table(self, console: Console, widths: Sequence[int], lines: Sequence[_Line], *, header: bool) -> None:
        names = [name for name, _ in self._columns]
        made = table(
            *names,
            right=[name for name, kind in self._columns if kind is Kind.NUMBER],
            wide=[name for name, kind in self._columns if kind is Kind.PROSE],
            header=header,
        )
        for column, width in zip(made.columns, widths, strict=True):
            column.width = width
        for line in lines:
            kinds = (kind for _, kind in self._columns)
            made.add_row(*map(_cut_at_the_beginning, line.cells, kinds, widths))
        console.print(made, crop=False)

    def _print_with_ids_below(self, console: Console) -> None:
        kept = [place for place, (_, kind) in enumerate(self._columns) if kind is not Kind.WHOLE]
        whole = [place for place in range(len(self._columns)) if place not in kept]
        narrower = Listing(
            [self._columns[place] for place in kept],
            ([line.cells[place] for place in kept] for line in self._lines),
            ([*(line.cells[place] for place in whole), *line.below] for line in self._lines),
        )
        if narrower._fitted(console.width) is None:
            self._print_entries(console)
        else:
            narrower.print(console)

    def _print_entries(self, console: Console) -> None:
        """What people copy on lines of its own, which the terminal wraps, and below it the rest."""
        whole = [place for place, (_, kind) in enumerate(self._columns) if kind is Kind.WHOLE]
        for line in self._lines:
            for place in whole:
                console.print(line.cells[place], soft_wrap=True)
            rest = [text for place, text in enumerate(line.cells) if place not in whole and text.plain != "-"]
            for text in (Text("  ").join(rest), *line.below):
                console.print(Text("    ") + text, soft_wrap=True)


def _cut_at_the_beginning(text: Text, kind: Kind, width: int) -> Text:
    """A path that is too long, without its beginning; any other text as it is."""
    if kind is not Kind.PATH or text.cell_len <= width:
        return text
    kept = text.plain
    while cell_len(kept) >= width:
        kept = kept[1:]
    return Text(f"…{kept}", style=text.style)
