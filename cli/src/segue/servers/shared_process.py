"""The process of a server that several commands use: it outlives the one that started it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from segue.errors import LocalError
from segue.locks import FileLock, is_locked
from segue.servers.process import guarded_command, processor_seconds_below

_GRACE_SECONDS = 10.0
_LOOK_SECONDS = 0.1
_SETTLE_SECONDS = 0.15
"""How long a server that is ending is left alone; see the guard."""
_PUBLISH_SECONDS = 10.0


@dataclass(frozen=True)
class Endpoint:
    """Where a running server is."""

    pid: int
    """Of its guard."""
    port: int
    started: str


@dataclass(frozen=True)
class SharedFiles:
    """What the users of one server share, in the server's folder."""

    folder: Path

    @property
    def users(self) -> Path:
        """Lock that every user holds together with the others; the guard ends the server once it is free."""
        return self.folder / "users.lock"

    @property
    def keeper(self) -> Path:
        """Lock of the one user who starts the server, and restarts it."""
        return self.folder / "keeper.lock"

    @property
    def running(self) -> Path:
        """Lock that the server and its guard hold as long as either lives; it holds the guard's process id."""
        return self.folder / "running.lock"

    @property
    def published(self) -> Path:
        """Where the server is, from the moment it accepts connections."""
        return self.folder / "endpoint.json"

    def endpoint(self) -> Endpoint | None:
        """Where the server is; None unless it accepts connections."""
        try:
            found = Endpoint(**json.loads(self.published.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None
        return found if self.is_running() else None

    def is_running(self) -> bool:
        """Whether a server of this folder lives, ready or not."""
        return is_locked(self.running)

    def guard_pid(self) -> int | None:
        """Process id of the last guard, which may have ended."""
        try:
            return int(self.running.read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return None


class SharedProcess:
    """A server's process under its guard, started here or by another process."""

    def __init__(self, files: SharedFiles, pid: int, child: subprocess.Popen[bytes] | None = None) -> None:
        self._files = files
        self._pid = pid
        self._child = child

    @classmethod
    def start(cls, files: SharedFiles, command: Sequence[str], log: Path, directory: Path) -> Self:
        """Start a server where none runs.

        Raises
        ------
        LocalError
            An earlier one is still there.
        """
        running = FileLock(files.running)
        if not running.take_patiently():
            raise LocalError(f"an earlier server in {files.folder} is still ending (process {files.guard_pid()})")
        try:
            files.published.unlink(missing_ok=True)  # of a guard that was killed
            sharing = [f"--shared={files.folder}", f"--running={running.descriptor}"]
            with log.open("ab") as output:
                child = subprocess.Popen(
                    guarded_command(command, _GRACE_SECONDS, more=sharing),
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd=directory,
                    start_new_session=True,  # Ctrl-C reaches our own process only, which ends the rest in order
                    pass_fds=(running.descriptor,),
                )
            os.ftruncate(running.descriptor, 0)
            os.pwrite(running.descriptor, str(child.pid).encode(), 0)
        finally:
            running.close()
        return cls(files, child.pid, child)

    @property
    def pid(self) -> int:
        """Process id of the guard."""
        return self._pid

    def exit_code(self) -> int | None:
        """Exit code, or None while it runs; 0 for one that another process has started."""
        if self._child is not None:
            return self._child.poll()
        return None if self._files.is_running() else 0

    def processor_seconds(self) -> float | None:
        """Processor time that the server has used, to a second; None where ``ps`` does not tell, or it has ended."""
        return processor_seconds_below(self._pid)

    def announce(self, port: int) -> None:
        """Have the guard publish the port; from now on the server belongs to all its users.

        Raises
        ------
        LocalError
            The guard cannot write, or is gone.
        """
        if self._child is None or self._child.stdin is None:
            return
        endpoint = {"pid": self._pid, "port": port, "started": datetime.now(UTC).isoformat(timespec="milliseconds")}
        deadline = time.monotonic() + _PUBLISH_SECONDS
        try:
            self._child.stdin.write(json.dumps(endpoint).encode() + b"\n")
            self._child.stdin.flush()
        except BrokenPipeError:
            deadline = time.monotonic()  # the guard has just ended
        while self._files.endpoint() is None:
            if time.monotonic() > deadline or self._child.poll() is not None:
                raise LocalError(f"cannot write {self._files.published}: see the end of the log beside it")
            time.sleep(0.01)

    def stop(self, on_wait: Callable[[], None] = lambda: None) -> int:
        """End the server: SIGTERM, the grace period, SIGKILL; ``on_wait`` is called now and then meanwhile.

        Raises
        ------
        subprocess.TimeoutExpired
            It is still there.
        """
        began = time.monotonic()
        if self._files.is_running() and self._files.guard_pid() == self._pid:
            with suppress(ProcessLookupError):  # then its sentinel is ending the server
                os.kill(self._pid, signal.SIGTERM)
        while self._files.is_running():
            if time.monotonic() - began > _GRACE_SECONDS + 10:
                raise subprocess.TimeoutExpired(f"the guard {self._pid}", _GRACE_SECONDS + 10)
            time.sleep(_LOOK_SECONDS)
            if time.monotonic() - began > _SETTLE_SECONDS:
                on_wait()
        return 0 if self._child is None else self._child.wait()
