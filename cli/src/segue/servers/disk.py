"""Free space where the servers keep their data: enough to start, low, full, and fine again."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from segue.errors import CommandError

logger = logging.getLogger(__name__)

ROOM_BYTES = 48 << 20
"""No server starts with less. A fresh state takes 15 to 25 MB, most of it the database's log, whose files have
10 MB each; recovery after a crash writes about as much again before it frees anything."""
LOW_BYTES = 256 << 20
"""Below this Segue warns: room for some ten thousand more tracks, in the broker's log and in the database."""
FINE_BYTES = 320 << 20
"""A low disk counts as fine again above this, so that a disk near the limit is reported once."""
SETTLED_SECONDS = 3.0
"""How long a disk must have more room before it counts: freed space is often used again at once."""
MAKE_ROOM = "make room, or use a folder on another disk with --state DIR"


class DiskState(StrEnum):
    """How much room a disk has."""

    FULL = "Full"
    LOW = "Low"
    FINE = "Fine"


_ORDER = tuple(DiskState)


@dataclass(frozen=True)
class DiskIncident:
    """A disk that has become low, full or fine again."""

    folder: str
    state: DiskState
    free_bytes: int
    message: str


def judge(free_bytes: int, before: DiskState) -> DiskState:
    """State of a disk with so much free; ``before`` is what it was."""
    if free_bytes < ROOM_BYTES:
        return DiskState.FULL
    if free_bytes < (LOW_BYTES if before is DiskState.FINE else FINE_BYTES):
        return DiskState.LOW
    return DiskState.FINE


def free_bytes(folder: Path) -> int:
    """Bytes that may still be written to the folder, or to where it will be made.

    Raises
    ------
    OSError
        The folder cannot be asked.
    """
    return shutil.disk_usage(_existing(folder)).free


def device(folder: Path) -> int:
    """Number of the disk that holds the folder, or where it will be made.

    Raises
    ------
    OSError
        The folder cannot be asked.
    """
    return _existing(folder).stat().st_dev


def _existing(folder: Path) -> Path:
    return next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())


def check_room(folders: Iterable[Path]) -> None:
    """Refuse to start where no server could.

    Raises
    ------
    CommandError
        A folder's disk is full; the message names the folder, what is free and what is needed.
    """
    for folder in folders:
        free = free_bytes(folder)
        if free < ROOM_BYTES:
            raise CommandError(full_sentence(folder, free), f"{MAKE_ROOM}, then run the same command again")


def full_sentence(folder: Path, free: int) -> str:
    """``the disk that holds FOLDER is full: 3 MB free, 48 MB needed``."""
    return f"the disk that holds {folder} is full: {_megabytes(free)} free, {_megabytes(ROOM_BYTES)} needed"


def _megabytes(size: int) -> str:
    return f"{size >> 20:,} MB"


class DiskWatch:
    """The state of one folder's disk, reported when it changes; safe for several threads.

    A disk that gets worse is reported at once, one that gets better only after a moment.
    """

    def __init__(
        self,
        folder: Path,
        report: Callable[[DiskIncident], None],
        *,
        measure: Callable[[Path], int] = free_bytes,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder = folder
        self._report = report
        self._measure = measure
        self._clock = clock
        self._state = DiskState.FINE
        self._better_since: float | None = None
        self._is_unmeasured = False
        self._lock = threading.Lock()

    def look(self) -> DiskState:
        """Measure, report a change, and return the state; a disk that cannot be measured keeps its state."""
        with self._lock:
            try:
                free = self._measure(self.folder)
            except OSError as error:
                if not self._is_unmeasured:
                    logger.warning("cannot measure the disk that holds %s: %s", self.folder, error.strerror)
                self._is_unmeasured = True
                return self._state
            self._is_unmeasured = False
            found = judge(free, self._state)
            if self._is_settled(found):
                before, self._state, self._better_since = self._state, found, None
                self._tell(before, free)
            return self._state

    def _is_settled(self, found: DiskState) -> bool:
        if _ORDER.index(found) <= _ORDER.index(self._state):
            self._better_since = None
            return found is not self._state
        if self._better_since is None:
            self._better_since = self._clock()
        return self._clock() - self._better_since >= SETTLED_SECONDS

    def _tell(self, before: DiskState, free: int) -> None:
        disk = f"the disk that holds {self.folder}"
        if self._state is DiskState.FULL:
            message = f"{full_sentence(self.folder, free)}; make room, and Segue continues by itself"
        elif before is DiskState.FULL:
            message = f"{disk} has room again: {_megabytes(free)} free"
        elif self._state is DiskState.LOW:
            message = (
                f"{disk} is getting full: {_megabytes(free)} free; make room before it has less than "
                f"{_megabytes(ROOM_BYTES)}, or Segue has to wait"
            )
        else:
            message = f"{disk} has enough room again: {_megabytes(free)} free"
        logger.log(logging.INFO if self._state is DiskState.FINE else logging.WARNING, "%s", message)
        try:
            self._report(DiskIncident(str(self.folder), self._state, free, message))
        except OSError as error:  # nobody reads the output any more
            logger.warning("cannot report that: %s", error)
