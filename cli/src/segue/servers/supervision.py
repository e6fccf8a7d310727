"""Restarts embedded servers that die or stop working, on the port where the programs expect them."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from subprocess import SubprocessError
from typing import Protocol

from segue.errors import CommandError, LocalError
from segue.servers.disk import DiskIncident, DiskState, DiskWatch, device
from segue.servers.embedded import Server
from segue.servers.health import NoAnswerError, Patience, WrongAnswerError
from segue.servers.sharing import SharedServer

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 0.5
_ASK_SECONDS = 5.0
"""How often a healthy server is checked; each check writes one document to the database."""
_DISK_SECONDS = 1.0
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 30.0
_STEADY_SECONDS = 60.0
"""If a server fails again sooner than this after a restart, the restart did not help: the next one waits longer."""


class ServerState(StrEnum):
    """What became of an embedded server."""

    DIED = "Died"
    UNHEALTHY = "Unhealthy"
    """It runs, but answers with errors or not at all."""
    RESTARTED = "Restarted"
    NOT_RESTARTED = "NotRestarted"
    """It cannot be started now; Segue keeps trying, with growing pauses."""


@dataclass(frozen=True)
class Incident:
    """One thing that happened to a server."""

    server: str
    state: ServerState
    message: str


Report = Callable[[Incident | DiskIncident], None]


@contextmanager
def kept_running(
    servers: Sequence[Server | SharedServer], report: Report, *, folders: Sequence[Path] = ()
) -> Iterator[None]:
    """Supervise running servers and the disks they write to, each in its own thread.

    Of a shared server only the keeper restarts it; the other users report what they see.

    Acknowledged writes survive the death of either server, and the programs wait for one that is down: a batch
    continues where it was. No server is started on a full disk: it would only fail again.

    Parameters
    ----------
    servers
        Those that run.
    report
        Told each incident, on the thread that saw it; the same failure to start is told once.
    folders
        What else is written to. Of several folders on one disk the first stands for it, these before the servers'.
    """
    stopping = threading.Event()
    disks: dict[int, DiskWatch] = {}
    turns = [server if isinstance(server, SharedServer) else _Own(server) for server in servers]
    for folder in (*folders, *(turn.server.directory for turn in turns)):
        disks.setdefault(device(folder), DiskWatch(folder, report))
    threads = [
        threading.Thread(target=_watch, args=(disk, stopping), name=f"watch {disk.folder}", daemon=True)
        for disk in disks.values()
    ]
    threads += [
        threading.Thread(
            target=_Keeper(turn, disks[device(turn.server.directory)], stopping, report).run,
            name=f"keep {turn.server.name}",
            daemon=True,
        )
        for turn in turns
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        for thread in threads:
            thread.join()


def _watch(disk: DiskWatch, stopping: threading.Event) -> None:
    disk.look()
    while not stopping.wait(_DISK_SECONDS):
        disk.look()


class _Turn(Protocol):
    """Whether it is this process that supervises a server."""

    @property
    def server(self) -> Server: ...

    @property
    def is_ready(self) -> bool:
        """Whether the server can be used now."""
        ...

    def keep(self) -> bool:
        """Whether this process is to supervise it from now on."""
        ...


@dataclass(frozen=True)
class _Own:
    """A server that this process alone uses."""

    server: Server
    is_ready = True

    def keep(self) -> bool:
        return True


class _Keeper:
    """Supervises one server, when it is its turn."""

    def __init__(self, turn: _Turn, disk: DiskWatch, stopping: threading.Event, report: Report) -> None:
        self._turn = turn
        self._server = turn.server
        self._disk = disk
        self._stopping = stopping
        self._report = report
        self._patience = Patience(self._server.processor_seconds, time.monotonic)
        self._ask_at = time.monotonic()
        self._pause = _FIRST_PAUSE_SECONDS
        self._back_at: float | None = None

    def run(self) -> None:
        """Check until the servers are stopped."""
        self._await_turn()
        while not self._stopping.wait(_LOOK_SECONDS):
            trouble = self._trouble()
            if trouble is None:
                continue
            began = time.monotonic()
            state, what = trouble
            self._tell(state, f"{what} and is being restarted{self._when()}; its log: {self._server.log}")
            try:
                self._bring_back()
            except _Stopping:
                return
            self._back_at = time.monotonic()
            self._tell(ServerState.RESTARTED, f"is ready again after {self._back_at - began:.0f} s")

    def _await_turn(self) -> None:
        """Until this process is the keeper, report what becomes of the server in another one's care."""
        down_since: float | None = None
        while not self._turn.keep():
            if self._turn.is_ready and down_since is not None:
                self._tell(ServerState.RESTARTED, f"is ready again after {time.monotonic() - down_since:.0f} s")
                down_since = None
            elif not self._turn.is_ready and down_since is None:
                down_since = time.monotonic()
                self._tell(ServerState.DIED, f"stopped, and another process restarts it; its log: {self._server.log}")
            if self._stopping.wait(_LOOK_SECONDS):
                return

    def _trouble(self) -> tuple[ServerState, str] | None:
        """Why the server must be restarted; None if it need not be."""
        if not self._server.is_running:
            return ServerState.DIED, "stopped unexpectedly"
        if time.monotonic() < self._ask_at:
            return None
        given_up = self._ask()
        if given_up is None or not self._server.is_running:  # the next look reports its end
            return None
        return ServerState.UNHEALTHY, given_up

    def _ask(self) -> str | None:
        try:
            self._server.ask(write=self._disk.look() is not DiskState.FULL)
        except WrongAnswerError as error:
            return f"answers with errors ({error})" if self._patience.wrong() else None
        except NoAnswerError:
            return "does not answer" if self._patience.silent() else None
        self._patience.well()
        self._ask_at = time.monotonic() + _ASK_SECONDS
        return None

    def _when(self) -> str:
        return " once the disk has room" if self._disk.look() is DiskState.FULL else ""

    def _bring_back(self) -> None:
        """Restart the server; one that soon fails again gets longer and longer pauses.

        Raises
        ------
        _Stopping
            The servers are about to be stopped.
        """
        told = ""
        if self._back_at is None or time.monotonic() - self._back_at > _STEADY_SECONDS:
            self._pause = _FIRST_PAUSE_SECONDS
        else:
            self._rest()
        while True:
            self._await_room()
            try:
                self._server.restart(lambda _server, _seconds: self._leave_if_stopping())
                self._ask_once()
            except (LocalError, OSError, SubprocessError, WrongAnswerError) as error:
                if _without_numbers(error) != told:
                    told = _without_numbers(error)
                    hint = f"; {error.hint}" if isinstance(error, CommandError) and error.hint else ""
                    self._tell(ServerState.NOT_RESTARTED, f"could not be restarted, trying again: {error}{hint}")
                self._rest()
            else:
                self._patience.well()
                self._ask_at = time.monotonic() + _ASK_SECONDS
                return

    def _ask_once(self) -> None:
        """A restarted server that answers with errors has failed again; one that is slow gets the usual patience."""
        with suppress(NoAnswerError):
            self._server.ask(write=self._disk.look() is not DiskState.FULL)

    def _await_room(self) -> None:
        if self._disk.look() is DiskState.FULL:
            with suppress(SubprocessError):  # it does not end; the restart says so
                self._server.stop()  # a broken one would only fill its log
        while self._disk.look() is DiskState.FULL:
            self._stopping.wait(_DISK_SECONDS)
            self._leave_if_stopping()

    def _rest(self) -> None:
        self._stopping.wait(self._pause)
        self._leave_if_stopping()
        self._pause = min(2 * self._pause, _LONGEST_PAUSE_SECONDS)

    def _leave_if_stopping(self) -> None:
        if self._stopping.is_set():
            raise _Stopping

    def _tell(self, state: ServerState, what: str) -> None:
        message = f"{self._server.name} {what}"
        logger.log(logging.INFO if state is ServerState.RESTARTED else logging.WARNING, "%s", message)
        try:
            self._report(Incident(self._server.name, state, message))
        except OSError as error:  # nobody reads the output any more; the server is looked after all the same
            logger.warning("cannot report that: %s", error)


def _without_numbers(error: Exception) -> str:
    """The same failure at another time, in another process, is no news."""
    return re.sub(r"\d+", "", str(error))


class _Stopping(Exception):  # noqa: N818 - a wish, not an error
    """The servers are about to be stopped anyway."""
