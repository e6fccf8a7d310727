"""Reference of the command line: the help of every command, as a terminal of 100 columns shows it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from segue.commands import every_command
from segue_core.contract import ExtractArguments, SinkArguments, TrainArguments, VerifyArguments

PROGRAMS = (ExtractArguments, SinkArguments, VerifyArguments, TrainArguments)


def page() -> str:
    """Markdown page of all commands and programs."""
    scripts = Path(sys.executable).parent
    segue, operator = str(scripts / "segue"), str(scripts / "segue-operator")
    parts = ["# Commands", "Generated from `--help`.", "## segue", _help(segue)]
    for words in every_command():
        parts += [f"### segue {' '.join(words)}", _help(segue, *words)]
    parts += [
        "## segue-operator",
        _help(operator),
        "## Programs",
        "The operator starts these in pods, and `segue` on one machine.",
    ]
    for program in PROGRAMS:
        parts += [f"### {program.MODULE}", _help(sys.executable, "-m", program.MODULE)]
    return "\n\n".join(parts) + "\n"


def _help(*command: str) -> str:
    environ = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
    done = subprocess.run([*command, "--help"], env=environ, capture_output=True, text=True, check=True)
    return f"```text\n{done.stdout.rstrip()}\n```"
