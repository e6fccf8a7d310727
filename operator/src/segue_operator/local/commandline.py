"""What every command of ``segue`` shares: its declaration, what it is given, how help and errors look."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from rich.console import Console

from segue_operator.local.errors import CommandExit, did_you_mean
from segue_operator.local.state import State

PIPE_COLUMNS = 500
"""Width of a table that nobody sees in a terminal: nothing is cut."""


@dataclass(frozen=True)
class Invocation:
    """One call of a command."""

    arguments: argparse.Namespace
    state: State
    console: Console
    """Standard output: what was asked for."""
    notes: Console
    """Standard error: progress and remarks."""
    environ: Mapping[str, str]

    @property
    def title(self) -> str:
        """How this process names itself to others."""
        return f"segue {self.arguments.command}"


@dataclass(frozen=True)
class Command:
    """One command: examples for its ``--help``, its arguments, and what it does (returning an exit code)."""

    examples: Sequence[str]
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[Invocation], int]


class Parser(argparse.ArgumentParser):
    """A parser whose errors end in the way out."""

    def error(self, message: str) -> NoReturn:
        """Explain and exit with 2."""
        wrong = re.match(r"argument COMMAND: invalid choice: '(.*?)' \(choose from (.*)\)", message)
        hint = None
        if wrong:
            message = f"there is no command {wrong[1]!r}"
            hint = did_you_mean(wrong[1], wrong[2].replace("'", "").split(", "))
        write_error(message, hint or f"see {self.prog} --help")
        sys.exit(CommandExit.USAGE)


def write_error(message: str, hint: str | None = None) -> None:
    """Say what is wrong and, below, the way out."""
    lines = [f"error: {printable(message, keep_lines=True)}"]
    if hint:
        lines.append(f"  hint: {printable(hint)}")
    sys.stderr.write("\n".join(lines) + "\n")


def write_json(console: Console, document: Any) -> None:
    """Write one JSON document to standard output."""
    text = json.dumps(document, ensure_ascii=False, indent=2, default=str)
    console.file.write(text.encode("utf-8", "replace").decode() + "\n")


def printable(text: object, *, keep_lines: bool = False) -> str:
    """Text of others (titles, paths) made harmless for a terminal: control and undecodable characters are escaped."""
    return "".join(
        character
        if character.isprintable() or (keep_lines and character == "\n")
        else character.encode("unicode_escape", "surrogatepass").decode()
        for character in str(text)
    )


class PipeConsole(Console):
    """A console whose reader may leave early (``segue get | head``): `BrokenPipeError` is the caller's."""

    def on_broken_pipe(self) -> None:
        """Do not end the process here, as rich would, with exit code 1."""
        raise BrokenPipeError


def make_console(*, stderr: bool = False) -> Console:
    """Console that takes text as it is: no markup, no guessed colours, no cut tables in a pipe."""
    console = PipeConsole(stderr=stderr, markup=False, highlight=False, emoji=False, soft_wrap=False)
    if not console.is_terminal:
        console.width = PIPE_COLUMNS
    return console


def positive(text: str) -> int:
    """A whole number of at least 1, for argparse."""
    try:
        value = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is below 1")
    return value
