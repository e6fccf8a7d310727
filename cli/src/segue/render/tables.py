"""Tables, and numbers as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from segue.commandline import printable
from segue_core.contract import wording

if TYPE_CHECKING:
    from segue_core.recommend.card import Card


def table(*columns: str, right: Iterable[str] = (), wide: Iterable[str] = (), header: bool = True) -> Table:
    """Table without lines, in kubectl's manner; ``right`` columns hold numbers, ``wide`` ones may wrap."""
    numbers, wrapping = set(right), set(wide)
    made = Table(show_header=header, box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
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
    """Text of a cell, safe for a terminal; a dash for nothing."""
    shown = "-" if value is None or value == "" else printable(value)
    return Text(shown, style=style)


def rows(made: Table, lines: Iterable[Sequence[object]]) -> Table:
    """Add lines of plain values to a table."""
    for line in lines:
        made.add_row(*(value if isinstance(value, Text) else cell(value) for value in line))
    return made


def shorten(text: str, length: int) -> str:
    """Cut the first line of a text to a length."""
    return wording.shorten(text.partition("\n")[0], length)


def number(value: float) -> str:
    """Whole number with thousands separators: ``12,345``."""
    return f"{value:,.0f}"


def percent(share: float) -> str:
    """Share as a whole percentage; never ``-0%``."""
    return f"{round(share * 100) + 0}%"


def duration(seconds: float) -> str:
    """``7 s``, ``2 min 05 s``, ``1 h 12 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def full_title(card: Card) -> str:
    """Title with artist, or with the album where the artist is unknown."""
    by = card.artist or card.album
    title = card.title or card.track_id
    return f"{title} — {by}" if by else title
