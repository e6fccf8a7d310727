"""The state directory: where a machine's resources, logs and data are, and which process owns them.

One ``segue`` process at a time owns the directory and its servers, by a lock that the kernel drops with the process.
What it takes to reach the servers stands in ``runtime.json`` while they run, so that other commands can ask them.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from segue_operator.local.errors import CommandError


@dataclass(frozen=True)
class Owner:
    """The process that holds the state."""

    pid: int
    command: str


@dataclass(frozen=True)
class Runtime:
    """How to reach the owner's embedded servers; None for a server that is not embedded (its address is a secret)."""

    kafka_bootstrap: str | None = None
    mongodb_uri: str | None = None


@dataclass(frozen=True)
class State:
    """Paths of one state directory."""

    root: Path

    @property
    def logs(self) -> Path:
        """A log a pod."""
        return self.root / "logs"

    @property
    def controller_log(self) -> Path:
        """What the controller and the local cluster have to tell."""
        return self.root / "controller.log"

    @property
    def kafka(self) -> Path:
        """The embedded broker's folder."""
        return self.root / "kafka"

    @property
    def mongodb(self) -> Path:
        """The embedded database's folder."""
        return self.root / "mongodb"

    @property
    def _lock(self) -> Path:
        return self.root / "owner.lock"

    @property
    def runtime_file(self) -> Path:
        """How to reach the owner's servers; one that is there without an owner is of a killed process."""
        return self.root / "runtime.json"

    def owner(self) -> Owner | None:
        """The living process that owns this state, or None."""
        try:
            with self._lock.open("r", encoding="utf-8") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    return _read_owner(lock.read())
        except FileNotFoundError:
            return None
        return None

    @contextmanager
    def own(self, command: str) -> Iterator[None]:
        """Hold the state.

        Raises
        ------
        CommandError
            Another process owns it, or the folder cannot be written.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            lock = self._lock.open("a+", encoding="utf-8")
        except OSError as error:
            raise CommandError(
                f"cannot write to {self.root}: {error.strerror}", "choose another folder with --state DIR"
            ) from error
        with lock:
            if not _take(lock.fileno()):
                lock.seek(0)
                raise _held(self.root, _read_owner(lock.read()))
            lock.truncate(0)
            lock.write(json.dumps(asdict(Owner(os.getpid(), command))))
            lock.flush()
            try:
                yield
            finally:
                self.runtime_file.unlink(missing_ok=True)
                lock.truncate(0)

    def publish(self, runtime: Runtime) -> None:
        """Let other commands reach the owner's servers."""
        partial = self.runtime_file.with_suffix(".partial")
        partial.write_text(json.dumps(asdict(runtime)), encoding="utf-8")
        partial.replace(self.runtime_file)

    def runtime(self) -> Runtime | None:
        """How to reach the living owner's servers; None while there is none, or they are not up yet."""
        return self.last_runtime() if self.owner() else None

    def last_runtime(self) -> Runtime | None:
        """The same, of the last owner, which may have been killed."""
        try:
            return Runtime(**json.loads(self.runtime_file.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None


def _take(descriptor: int) -> bool:
    """Lock exclusively; a moment's patience, since `State.owner` holds a shared lock while it looks."""
    for _ in range(10):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.03)
        else:
            return True
    return False


def _read_owner(text: str) -> Owner:
    try:
        return Owner(**json.loads(text))
    except (ValueError, TypeError):
        return Owner(0, "segue")  # it holds the lock, and has not written its name yet


def _held(root: Path, owner: Owner) -> CommandError:
    return CommandError(
        f"{root} is in use by process {owner.pid} ({owner.command})",
        "wait for it, end it with `segue down`, or use another folder with --state DIR",
    )
