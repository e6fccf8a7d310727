"""One running process of a pod, under its guard."""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from segue.servers.process import guarded_command


class Container:
    """A process whose whole group ends with it, with `stop`, or with this process."""

    def __init__(self, process: Process, group_file: Path) -> None:
        self._process = process
        self._group_file = group_file

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        directory: Path,
        log: Path,
        grace_seconds: float,
    ) -> Self:
        """Start the command in the folder, which also gets the file that names its process group.

        Raises
        ------
        OSError
            The log cannot be written, or no process started.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        group_file = group_file_of(directory)
        group_file.unlink(missing_ok=True)
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *guarded_command(command, grace_seconds, group_file),
                stdin=PIPE,
                stdout=output,
                stderr=STDOUT,
                env=dict(environment),
                cwd=directory,
                start_new_session=True,  # Ctrl-C reaches our own process only, which ends the rest in order
            )
        return cls(process, group_file)

    async def wait(self) -> int:
        """Wait for the end; the exit code, 128 + signal for a process that a signal ended."""
        code = await self._process.wait()
        if code >= 0:
            return code
        group = read_group(self._group_file)
        if group is not None:  # the guard itself was killed: nobody else ends its group
            signal_group(group, signal.SIGKILL)
        return 128 - code

    def stop(self) -> None:
        """Let the guard end the group: SIGTERM, the grace period, SIGKILL."""
        if self._process.stdin is not None:
            self._process.stdin.close()


def group_file_of(directory: Path) -> Path:
    """The file in a pod's folder that names the process group."""
    return directory / "process-group"


def read_group(path: Path) -> int | None:
    """The process group that a guard wrote; None if it never got that far."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def signal_group(group: int, number: int) -> bool:
    """Signal a process group (0: only look); returns whether the group exists and is ours."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True
