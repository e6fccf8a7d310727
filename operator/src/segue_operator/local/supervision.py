"""Embedded servers that die are started again on their port, so that the programs find them where they were."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from segue_operator.local.java import LocalError
from segue_operator.local.servers import Server

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 0.5
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 30.0


class ServerState(StrEnum):
    """What became of an embedded server."""

    DIED = "Died"
    RESTARTED = "Restarted"
    NOT_RESTARTED = "NotRestarted"
    """It cannot be started now; it is tried again ever more slowly."""


@dataclass(frozen=True)
class Incident:
    """One thing that happened to a server."""

    server: str
    state: ServerState
    message: str


Report = Callable[[Incident], None]


@contextmanager
def kept_running(servers: Sequence[Server], report: Report) -> Iterator[None]:
    """Look after servers that run, in a thread of its own; one that cannot start is tried again ever more slowly.

    What is acknowledged outlives the death of either server, and the programs wait for one that is away: a batch goes
    on where it was.

    Parameters
    ----------
    servers
        Those that run.
    report
        Told each incident, on the thread that looks after the server; the same failure to start is told once.
    """
    stopping = threading.Event()
    threads = [
        threading.Thread(target=_look_after, args=(server, stopping, report), name=f"keep {server.name}", daemon=True)
        for server in servers
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        for thread in threads:
            thread.join()


def _look_after(server: Server, stopping: threading.Event, report: Report) -> None:
    while not stopping.wait(_LOOK_SECONDS):
        if server.is_running:
            continue
        died = time.monotonic()
        _tell(report, server, ServerState.DIED, f"has ended unexpectedly and is started again; its log: {server.log}")
        try:
            _bring_back(server, stopping, report)
        except _Stopping:
            return
        _tell(report, server, ServerState.RESTARTED, f"is ready again after {time.monotonic() - died:.0f} s")


def _bring_back(server: Server, stopping: threading.Event, report: Report) -> None:
    pause, told = _FIRST_PAUSE_SECONDS, ""
    while True:
        try:
            server.restart(lambda: _leave_if(stopping))
        except (LocalError, OSError) as error:
            if _without_numbers(error) != told:
                told = _without_numbers(error)
                _tell(report, server, ServerState.NOT_RESTARTED, f"cannot be started again, and is tried on: {error}")
            stopping.wait(pause)
            _leave_if(stopping)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
        else:
            return


def _without_numbers(error: Exception) -> str:
    """The same failure at another time, in another process, is no news."""
    return re.sub(r"\d+", "", str(error))


def _tell(report: Report, server: Server, state: ServerState, what: str) -> None:
    message = f"{server.name} {what}"
    logger.log(logging.INFO if state is ServerState.RESTARTED else logging.WARNING, "%s", message)
    report(Incident(server.name, state, message))


class _Stopping(Exception):  # noqa: N818 - a wish, not an error
    """The servers are about to be stopped anyway."""


def _leave_if(stopping: threading.Event) -> None:
    if stopping.is_set():
        raise _Stopping
