"""What every command of ``segue`` shares: what it is given, its common options, how output and errors look."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from cyclopts import App, Parameter
from rich.console import Console

from segue.state import State

PIPE_COLUMNS = 20_000
"""Width of a table in a pipe: nothing is cut."""


@dataclass(frozen=True)
class Invocation:
    """One call of a command."""

    command: str
    state: State
    console: Console
    """Standard output: what was asked for."""
    notes: Console
    """Standard error: progress and remarks."""
    environ: Mapping[str, str]
    app: App
    """The whole command line."""

    @property
    def title(self) -> str:
        """How this process names itself to others."""
        return f"segue {self.command}"


def check_not_options(_type: type, values: Sequence[str]) -> None:
    """Refuse an option where a file must be.

    Raises
    ------
    ValueError
        It begins with a hyphen, and is not the lone one.
    """
    wrong = next((value for value in values if value.startswith("-") and value != "-"), None)
    if wrong is not None:
        raise ValueError(f"{wrong!r} is an option, not a file")


Call = Annotated[Invocation, Parameter(parse=False)]
"""Type of the parameter ``call``, which the command line fills in."""
Filenames = Annotated[
    list[str],
    Parameter(
        name=("--filename", "-f"),
        metavar="FILE|DIR",
        help="manifests; repeatable; - reads standard input",
        allow_leading_hyphen=True,  # for the lone hyphen
        validator=check_not_options,
    ),
]
Catalogue = Annotated[str, Parameter(metavar="NAME", help="catalogue to look into")]
Model = Annotated[
    str | None, Parameter(metavar="VERSION", help="use this model, for example demo:1 (default: the active one)")
]
Version = Annotated[str, Parameter(metavar="VERSION", help="a version: its number, or its name, for example demo:1")]
Reason = Annotated[str | None, Parameter(metavar="TEXT", help="why, in a sentence; it is kept with the change")]
AsJson = Annotated[bool, Parameter(name="--json", help="print JSON", show_default=False)]


def _at_least_one(_type: type, value: int | None) -> None:
    if value is not None and value < 1:
        raise ValueError(f"{value} is below 1")


Positive = Annotated[int, Parameter(metavar="COUNT", validator=_at_least_one)]


def write_error(message: str, hint: str | None = None) -> None:
    """Say what is wrong and, below, the way out."""
    lines = [f"error: {printable(message, keep_lines=True)}"]
    if hint:
        lines.append(f"  hint: {printable(hint)}")
    sys.stderr.write("\n".join(lines) + "\n")


def write_json(console: Console, document: Any) -> None:
    """Write one JSON document to standard output."""
    console.file.write(json_text(console, document, indent=2) + "\n")


def json_text(console: Console, document: Any, *, indent: int | None = None) -> str:
    """JSON that the console's encoding can represent."""
    text = json.dumps(document, ensure_ascii=not is_unicode(console), indent=indent, default=str)
    return text.encode("utf-8", "replace").decode()


def is_unicode(console: Console) -> bool:
    """Whether the console takes every character."""
    return (getattr(console.file, "encoding", None) or "utf-8").lower().startswith("utf")


_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"


def printable(text: object, *, keep_lines: bool = False) -> str:
    """Foreign text (titles, paths) made safe for a terminal: control and undecodable characters are escaped.

    Joiners stay: Persian is spelt with them, and emoji are made with them.
    """
    return "".join(
        character
        if character.isprintable() or character in _JOINERS or (keep_lines and character == "\n")
        else character.encode("unicode_escape", "surrogatepass").decode()
        for character in str(text)
    )


class PipeConsole(Console):
    """A console whose reader may leave early (``segue get | head``): `BrokenPipeError` is the caller's."""

    def on_broken_pipe(self) -> None:
        """Do not end the process here, as rich would, with exit code 1."""
        raise BrokenPipeError


def make_console(*, stderr: bool = False, quiet: bool = False) -> Console:
    """Console that takes text as it is: no markup, no guessed colours, no cut tables in a pipe."""
    console = PipeConsole(stderr=stderr, quiet=quiet, markup=False, highlight=False, emoji=False, soft_wrap=False)
    if not console.is_terminal:
        console.width = PIPE_COLUMNS
    return console
