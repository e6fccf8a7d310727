"""The help of the whole command line, as a terminal of 100 columns shows it."""

from __future__ import annotations

import contextlib
import io
from unittest import mock

from segue.__main__ import main
from segue.commands import every_command

_TERMINAL = {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}


def help_of(*words: str) -> str:
    """What ``segue WORDS --help`` prints."""
    output = io.StringIO()
    with mock.patch.dict("os.environ", _TERMINAL), contextlib.redirect_stdout(output):
        assert main([*words, "--help"]) == 0
    return output.getvalue()


def all_help() -> str:
    """The help of `segue` and of every command, each under the line that asks for it."""
    calls = [(), *every_command()]
    return "\n".join(f"$ {' '.join(('segue', *words, '--help'))}\n{help_of(*words)}" for words in calls)
