"""Stand-ins for the analysis of a file that misbehave as a damaged file may make a decoder misbehave."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import time
from pathlib import Path

from segue_core.contract import Engine, Reason, Stage
from segue_core.store.records import Metadata
from segue_jobs.extract.analyse import AlreadyDone, Request, Result
from segue_jobs.extract.inspection import Inspection
from segue_jobs.listing.listed_tracks import Problem

NOTHING_NEW = AlreadyDone("", Inspection(bytes=1, payload_bytes=1, tags=Metadata(), cover=None))


def misbehave(request: Request) -> Result:
    """Do what the id says; leave a line in the request's file, so that a test can count the attempts."""
    with request.path.open("a") as file:
        file.write(f"{os.getpid()}\n")
    if request.track_id.startswith("killed") or (request.track_id == "once" and attempts(request.path) == 1):
        os.kill(os.getpid(), signal.SIGKILL)
    elif request.track_id.startswith("exits"):
        os.write(2, b"free(): invalid pointer\n")
        os._exit(3)
    elif request.track_id.startswith("chatters"):
        for number in range(100_000):  # far more than a pipe holds
            mutter(b"Note: Illegal header %d\n" % number)
    elif request.track_id.startswith("warns"):
        logging.getLogger("segue_jobs.example").warning("odd tags", extra={"path": request.track_id})
    elif request.track_id.startswith("hangs"):
        time.sleep(60)
    elif request.track_id.startswith("slow"):
        time.sleep(1)
    elif request.track_id.startswith("raises"):
        raise KeyError(request.track_id)
    elif request.track_id.startswith("greedy"):
        hoard = [bytearray(8 << 20) for _ in range(64)]
        return Problem(Stage.ANALYSE, Reason.SILENT, f"got {len(hoard)} pieces")
    return NOTHING_NEW


def mutter(line: bytes) -> None:
    """Write as a C library does: without a thought of what becomes of it."""
    with contextlib.suppress(BlockingIOError):
        os.write(2, line)


def attempts(path: Path) -> int:
    """How often a request was begun."""
    return len(path.read_text().splitlines()) if path.exists() else 0


def prepare_nothing(_engine: Engine) -> None:
    """Start at once."""


def die_at_start(_engine: Engine) -> None:
    """A process that cannot start, for want of memory or of a library."""
    os._exit(1)
