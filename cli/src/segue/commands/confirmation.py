"""Asking before something is deleted."""

from __future__ import annotations

import sys

from segue.commandline import Invocation
from segue.errors import UsageError


def is_confirmed(call: Invocation, question: str, otherwise: str) -> bool:
    """Ask a question that only yes confirms.

    Parameters
    ----------
    otherwise
        What has happened so far, for the error.

    Raises
    ------
    UsageError
        Nobody can be asked: standard input is not a terminal.
    """
    if not sys.stdin.isatty():
        raise UsageError(f"nobody can be asked here, so {otherwise}", "add --yes")
    return call.console.input(f"{question} [y/N] ").strip().casefold() in ("y", "yes")
