"""Starting and ending local processes, each under its guard."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Protocol

_LOOK_SECONDS = 0.1
_PS_SECONDS = 5.0
_GUARD = Path(__file__).with_name("guard.py")


def guarded_command(
    command: Sequence[str], grace_seconds: float, group_file: Path | None = None, *, more: Sequence[str] = ()
) -> list[str]:
    """The command under `segue.servers.guard`; its standard input must be a pipe that the parent keeps."""
    options = [f"--grace={grace_seconds}", *([f"--group-file={group_file}"] if group_file else []), *more]
    return [sys.executable, "-I", "-S", str(_GUARD), *options, "--", *command]


class ServerProcess(Protocol):
    """The process of a server, as its supervision sees it."""

    @property
    def pid(self) -> int:
        """Process id of the guard."""
        ...

    def exit_code(self) -> int | None:
        """Exit code, or None while it runs."""
        ...

    def processor_seconds(self) -> float | None:
        """Processor time that the server has used, to a second; None where ``ps`` does not tell, or it has ended."""
        ...

    def announce(self, port: int) -> None:
        """Say that the server accepts connections on this port."""
        ...

    def stop(self, on_wait: Callable[[], None] = ...) -> int:
        """End the group: SIGTERM, the grace period, SIGKILL; ``on_wait`` is called now and then meanwhile."""
        ...


class GuardedProcess:
    """A process whose whole group ends with it, with `stop`, or with this process."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: Path,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        grace_seconds: float = 10.0,
    ) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self._grace_seconds = grace_seconds
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                guarded_command(command, grace_seconds),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=None if environment is None else dict(environment),
                cwd=directory,
                start_new_session=True,  # Ctrl-C reaches our own process only, which ends the rest in order
            )

    @property
    def pid(self) -> int:
        """Process id of the guard."""
        return self._process.pid

    def exit_code(self) -> int | None:
        """Exit code, or None while it runs."""
        return self._process.poll()

    def processor_seconds(self) -> float | None:
        """Processor time that the command has used, to a second; None where ``ps`` does not tell, or it has ended."""
        return processor_seconds_below(self.pid)

    def announce(self, port: int) -> None:
        """The parent alone uses it, and knows its port."""

    def stop(self, on_wait: Callable[[], None] = lambda: None) -> int:
        """End the group: SIGTERM, the grace period, SIGKILL; ``on_wait`` is called now and then meanwhile."""
        pipe: IO[bytes] | None = self._process.stdin
        if pipe is not None and not pipe.closed:
            pipe.close()  # the guard sees the end of file and ends the group
        deadline = time.monotonic() + self._grace_seconds + 10
        while True:
            try:
                return self._process.wait(timeout=_LOOK_SECONDS)
            except subprocess.TimeoutExpired:
                if time.monotonic() > deadline:
                    raise
                on_wait()


def processor_seconds_below(pid: int) -> float | None:
    """Processor time of a process's children, to a second; None where ``ps`` does not tell, or there are none."""
    try:
        command = ["ps", "-A", "-o", "ppid=,time="]
        shown = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PS_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return None
    times = [time_ for parent, time_ in map(str.split, shown.stdout.splitlines()) if parent == str(pid)]
    return sum(map(_seconds, times)) if times else None


def _seconds(shown: str) -> float:
    """``1-02:03:04``, ``02:03:04`` or ``3:04.05`` as ``ps`` writes processor time."""
    days, _, clock = shown.rpartition("-")
    total = 0.0
    for part in clock.split(":"):
        total = 60 * total + float(part)
    return total + 86400 * int(days or 0)
