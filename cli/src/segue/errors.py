"""Errors of the command line, worded so that a person can act on them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from segue_core.contract import wording

DISK_HINT = "make room or name another folder with --state DIR, then run the same command again; what is stored stays"


class LocalError(Exception):
    """Something is missing or refused on this machine; the message says what to do."""


class CommandExit(IntEnum):
    """How a command of ``segue`` ends."""

    OK = 0
    FAILED = 1
    """A resource failed, or a server did."""
    USAGE = 2
    """Arguments, a manifest or an id are wrong."""
    INTERRUPTED = 130


class CommandError(LocalError):
    """What is wrong; ``hint`` is the way out."""

    def __init__(self, message: str, hint: str | None = None, exit_code: CommandExit = CommandExit.FAILED) -> None:
        super().__init__(message)
        self.hint = hint
        self.exit_code = exit_code


class UsageError(CommandError):
    """The command line, or something it names, is wrong."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message, hint, CommandExit.USAGE)


_LETTERS = 3
"""A word must have so many letters before names that hold it are near it."""


def did_you_mean(wrong: str, known: Iterable[str], limit: int = 3) -> str | None:
    """Hint with the names closest to a wrong one: those with a word of it first, then those spelt alike."""
    names = sorted(set(known))
    holding = [name for name in names if len(wrong) >= _LETTERS and wrong.lower() in name.lower()]
    holding.sort(key=lambda name: len(name) - len(wrong))
    return wording.did_you_mean(list(dict.fromkeys([*holding[:limit], *wording.similar(wrong, names)]))[:limit])
