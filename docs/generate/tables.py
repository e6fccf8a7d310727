"""Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Markdown of a table; cells are Markdown themselves, except that `|` and line breaks are made safe."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def code(text: object) -> str:
    """Inline code, or nothing for an empty text."""
    return f"`{text}`" if text != "" else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")
