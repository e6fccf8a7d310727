"""Locks of the kernel: they end with the process that holds them, however it ends."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from segue.errors import CommandError

_LOOK_SECONDS = 0.1
_TRIES, _TRY_SECONDS = 10, 0.03


class FileLock:
    """A lock on a file, exclusive or shared; nobody is ever waited for.

    A process that inherits the file descriptor holds the lock as well.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None
        self._is_held = False

    @property
    def descriptor(self) -> int:
        """Descriptor of the open file; -1 while it is closed."""
        return -1 if self._descriptor is None else self._descriptor

    @property
    def is_held(self) -> bool:
        """Whether this object holds the lock."""
        return self._is_held

    def take(self, *, shared: bool = False) -> bool:
        """Lock, or turn a shared lock into an exclusive one; on failure nothing is held.

        Raises
        ------
        CommandError
            The file cannot be written.
        """
        if self._descriptor is None:
            self._descriptor = _open(self.path)
        try:
            fcntl.flock(self._descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            return False
        self._is_held = True
        return True

    def take_patiently(self) -> bool:
        """Lock, with a moment's patience for those who look whether it is held."""
        for _ in range(_TRIES):
            if self.take():
                return True
            time.sleep(_TRY_SECONDS)
        return False

    def close(self) -> None:
        """Give the lock up, unless a process has inherited it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor, self._is_held = None, False


def is_locked(path: Path) -> bool:
    """Whether a process holds this lock exclusively."""
    try:
        with path.open("rb") as looked_at:
            fcntl.flock(looked_at, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


@dataclass(frozen=True)
class Holder:
    """The process that holds a named lock."""

    pid: int
    command: str

    def __str__(self) -> str:
        return f"process {self.pid} ({self.command})"


class NamedLock:
    """An exclusive lock whose holder others can name."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def holder(self) -> Holder | None:
        """The living process that holds it, or None."""
        if not is_locked(self.path):
            return None
        try:
            return Holder(**json.loads(self.path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return Holder(0, "segue")  # it holds the lock, and has not written its name yet

    @contextmanager
    def held(self, command: str, on_wait: Callable[[Holder, float], None]) -> Iterator[None]:
        """Hold the lock, once others have given it up.

        Parameters
        ----------
        command
            How this process names itself to others.
        on_wait
            Told now and then who holds it, and for how many seconds this has been waited for; may raise to stop.

        Raises
        ------
        CommandError
            The file cannot be written.
        """
        lock = FileLock(self.path)
        began = time.monotonic()
        while not lock.take_patiently():
            if holder := self.holder():
                on_wait(holder, time.monotonic() - began)
                time.sleep(_LOOK_SECONDS)
        try:
            os.ftruncate(lock.descriptor, 0)
            os.pwrite(lock.descriptor, json.dumps(asdict(Holder(os.getpid(), command))).encode(), 0)
            yield
        finally:
            os.ftruncate(lock.descriptor, 0)
            lock.close()


def _open(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CommandError(
            f"cannot write to {path.parent}: {error.strerror}", "choose another folder with --state DIR"
        ) from error
