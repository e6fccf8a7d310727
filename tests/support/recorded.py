"""Programs that only record how they were called: scripts run for real, and nothing else does."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

RECORD = """#!/bin/bash
line={name}
[[ $# == 0 ]] || line+=$(printf ' %q' "$@")
printf '%s\\n' "$line" >>{log}
"""


class Recorded:
    """Stand-ins for programs, in a folder that comes first on the PATH."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._log = folder / "calls.log"
        folder.mkdir(parents=True, exist_ok=True)

    def program(self, name: str, body: str = "", path: Path | None = None) -> None:
        """Add one; the body is what it does in bash after it has recorded its arguments."""
        path = path or self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_text(RECORD.format(name=shlex.quote(name), log=shlex.quote(str(self._log))) + body + "\n")
        path.chmod(0o755)

    @property
    def calls(self) -> list[list[str]]:
        """Every call so far, in words."""
        return [shlex.split(line) for line in self._log.read_text().splitlines()] if self._log.exists() else []

    def run(self, *command: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a script whose environment is this one and what is given here."""
        return subprocess.run(
            command,
            cwd=cwd,
            env={"HOME": os.environ.get("HOME", "/"), "PATH": f"{self.folder}:{os.environ['PATH']}", **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def first(self, *words: str) -> int:
        """Number of the first call that begins with these words; fails if there is none."""
        return next(number for number, call in enumerate(self.calls) if starts(call, words))

    def has(self, *words: str) -> bool:
        """Whether there was a call that begins with these words."""
        return any(starts(call, words) for call in self.calls)


def starts(call: Sequence[str], words: Sequence[str]) -> bool:
    """Whether a call begins with these words."""
    return list(call[: len(words)]) == list(words)
