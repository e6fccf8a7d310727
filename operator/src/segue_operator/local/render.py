"""Tables and small words for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text

from segue_operator.local.commandline import printable


def table(*columns: str, right: Iterable[str] = (), wide: Iterable[str] = ()) -> Table:
    """Table without lines, in kubectl's manner; ``right`` columns hold numbers, ``wide`` ones may wrap."""
    numbers, wrapping = set(right), set(wide)
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        made.add_column(
            column,
            justify="right" if column in numbers else "left",
            no_wrap=column not in wrapping,
            overflow="fold" if column in wrapping else "ellipsis",
            min_width=len(column) if column in numbers else None,
        )
    return made


def cell(value: object, style: str = "") -> Text:
    """Harmless text of a cell; a dash for nothing."""
    shown = "-" if value is None or value == "" else printable(value)
    return Text(shown, style=style)


def rows(made: Table, lines: Iterable[Sequence[object]]) -> Table:
    """Add lines of plain values to a table."""
    for line in lines:
        made.add_row(*(value if isinstance(value, Text) else cell(value) for value in line))
    return made


def number(value: float) -> str:
    """Whole number with thousands apart: ``12,345``."""
    return f"{value:,.0f}"


def percent(share: float) -> str:
    """Share as whole percent; never a negative nothing."""
    return f"{round(share * 100) + 0}%"


def duration(seconds: float) -> str:
    """``7 s``, ``2 min 05 s``, ``1 h 12 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
