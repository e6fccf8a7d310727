"""What goes wrong on the command line, said so that a person can act on it."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from enum import IntEnum

from segue_operator.local.java import LocalError


class CommandExit(IntEnum):
    """How a command of ``segue`` ends."""

    OK = 0
    FAILED = 1
    """A resource failed, or a server did."""
    USAGE = 2
    """Arguments, a manifest or an id are wrong."""
    INTERRUPTED = 130


class CommandError(LocalError):
    """What is wrong, and in ``hint`` the way out."""

    def __init__(self, message: str, hint: str | None = None, exit_code: CommandExit = CommandExit.FAILED) -> None:
        super().__init__(message)
        self.hint = hint
        self.exit_code = exit_code


class UsageError(CommandError):
    """The command line, or something that it names, is wrong."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message, hint, CommandExit.USAGE)


def did_you_mean(wrong: str, known: Iterable[str], limit: int = 3) -> str | None:
    """Hint with the names closest to a wrong one: those that contain it first, then those spelt alike."""
    names = sorted(set(known))
    containing = [name for name in names if wrong.lower() in name.lower()] if wrong else []
    alike = get_close_matches(wrong, names, n=limit, cutoff=0.6)
    found = list(dict.fromkeys(containing[:limit] + alike))[:limit]
    return f"did you mean {' or '.join(found)}?" if found else None
