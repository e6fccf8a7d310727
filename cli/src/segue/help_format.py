"""How the help looks: titles and two columns, without frames, in any encoding and width."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from cyclopts.help import HelpEntry, HelpPanel
from rich.console import Console, ConsoleOptions

_INDENT = 2
_LONGEST_LABEL = 24
"""Longer ones get a line of their own."""
_UNWRAPPED = 10_000


class ColumnFormatter:
    """A panel's entries as names, and beside them what they do."""

    def __call__(self, console: Console, options: ConsoleOptions, panel: HelpPanel) -> None:
        """Print one panel, for example that of the options."""
        if not panel.entries:
            return
        print_line(console, f"\n{_plain(panel.title, console)}:")
        for line in _wrapped(_plain(panel.description, console), options.max_width, _INDENT):
            print_line(console, line)
        rows = [(_label(entry), _description(entry, console)) for entry in panel.entries]
        column = _INDENT + min(_LONGEST_LABEL, max(len(label) for label, _ in rows)) + 2
        for label, description in rows:
            for line in _row(label, description, options.max_width, column):
                print_line(console, line)

    def render_usage(self, console: Console, options: ConsoleOptions, usage: object) -> None:
        """Print how the command is called."""
        for line in textwrap.wrap(f"usage: {_plain(usage, console)}", options.max_width, subsequent_indent="  "):
            print_line(console, line)
        print_line(console, "")

    def render_description(self, console: Console, options: ConsoleOptions, description: object) -> None:
        """Print what the command does."""
        for line in _wrapped(_plain(description, console), options.max_width, 0):
            print_line(console, line)


def print_line(console: Console, text: str) -> None:
    """Print a line as it is."""
    console.print(text, soft_wrap=True, highlight=False, markup=False)


def _wrapped(text: str, width: int, indent: int) -> list[str]:
    return textwrap.wrap(text, width, initial_indent=" " * indent, subsequent_indent=" " * indent)


def _row(label: str, description: str, width: int, column: int) -> Iterator[str]:
    head = f"{' ' * _INDENT}{label}"
    lines = _wrapped(description, max(width, column + 20), column)
    if len(head) + 2 > column or not lines:
        yield head
    else:
        yield f"{head:<{column}}{lines.pop(0)[column:]}"
    yield from lines


def _label(entry: HelpEntry) -> str:
    if entry.positional_label:
        return entry.positional_label
    names = ", ".join((*entry.positive_shorts, *entry.positive_names))
    return f"{names} {entry.metavar}" if entry.metavar else names


def _description(entry: HelpEntry, console: Console) -> str:
    remarks = [f"one of: {', '.join(entry.choices)}"] if entry.choices else []
    remarks += [f"default: {entry.default}"] if entry.default else []
    remarks += ["required"] if entry.required else []
    text = _plain(entry.description, console)
    return f"{text} [{'; '.join(remarks)}]" if remarks else text


def _plain(renderable: Any, console: Console) -> str:
    """The text of what rich could render, in one line."""
    if not renderable:
        return ""
    segments = console.render(renderable, console.options.update_width(_UNWRAPPED))
    return "".join(segment.text for segment in segments).strip()
