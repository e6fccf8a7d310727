"""Whether a file is as it was, judged without reading it."""

from __future__ import annotations

import time
from pathlib import Path

_TOO_FRESH_NANOSECONDS = 2_500_000_000
"""File systems count time in steps of up to two seconds: within one, two changes have the same time."""


def stamp_of(path: Path) -> str:
    """Size, time of the last change and inode of a file.

    Raises
    ------
    OSError
        It is gone.
    """
    found = path.stat()
    return f"{found.st_size}/{found.st_mtime_ns}/{found.st_ino}"


def lasting_stamp(path: Path, before: str) -> str | None:
    """The stamp of a file that was read since ``before`` was taken; None if a later change might leave the same one."""
    try:
        age = time.time_ns() - path.stat().st_mtime_ns
        return before if stamp_of(path) == before and age > _TOO_FRESH_NANOSECONDS else None
    except OSError:
        return None
