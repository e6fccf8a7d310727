"""Embedded servers that die are started again on their port, so that the programs find them where they were."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from segue_operator.local.java import LocalError
from segue_operator.local.servers import Server

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 0.5
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 30.0


@contextmanager
def kept_running(servers: Sequence[Server]) -> Iterator[None]:
    """Look after servers that run, in a thread of its own; one that cannot start is tried again ever more slowly.

    What is acknowledged outlives the death of either server, and the programs wait for one that is away: a batch goes
    on where it was.
    """
    stopping = threading.Event()
    threads = [
        threading.Thread(target=_look_after, args=(server, stopping), name=f"keep {server.name}", daemon=True)
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


def _look_after(server: Server, stopping: threading.Event) -> None:
    pause = _FIRST_PAUSE_SECONDS
    while not stopping.wait(_LOOK_SECONDS):
        if server.is_running:
            continue
        logger.warning("%s has ended unexpectedly and is started again; its log: %s", server.name, server.log)
        try:
            server.restart(lambda: _leave_if(stopping))
        except _Stopping:
            return
        except (LocalError, OSError) as error:
            logger.error("%s cannot be started again: %s", server.name, error)  # noqa: TRY400 - tried again
            stopping.wait(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
        else:
            logger.info("%s is ready again", server.name)
            pause = _FIRST_PAUSE_SECONDS


class _Stopping(Exception):  # noqa: N818 - a wish, not an error
    """The servers are about to be stopped anyway."""


def _leave_if(stopping: threading.Event) -> None:
    if stopping.is_set():
        raise _Stopping
