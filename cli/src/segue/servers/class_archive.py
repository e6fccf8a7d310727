"""Class data sharing: Spark's classes, loaded and verified once, and then mapped into memory by every later run.

The first run that finds no archive writes one as it ends. An archive's name tells everything it depends on, and the JVM
checks it again: with one that is damaged or of other jars it starts as if there were none.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from segue.servers.disk import free_bytes

_QUIET = ("-Xlog:disable", "-Xlog:all=error:stderr")
"""The JVM would warn of an archive that it does not use, on the output that is the program's log."""
_ROOM_BYTES = 1 << 30
"""An archive takes a tenth of it; a JVM that cannot finish writing one ends with an error."""
_KEPT = 3
_GIVEN_UP_SECONDS = 86_400.0
"""After an archive could not be finished, the next attempt waits for a day."""


def archive_options(folder: Path, name: str, parts: Iterable[Path], options: Sequence[str]) -> list[str]:
    """Options of a JVM that uses an archive, or writes one as it ends.

    Parameters
    ----------
    folder
        Where archives are kept.
    name
        What the archive is for.
    parts
        The Java program and the jars that it runs.
    options
        The JVM's other options.
    """
    try:
        return _options(folder, f"{name}-{_fingerprint(parts, options)}")
    except OSError:  # such as a folder that cannot be written to: it works without an archive too
        return []


def _options(folder: Path, name: str) -> list[str]:
    archive = folder / f"{name}.jsa"
    folder.mkdir(parents=True, exist_ok=True)
    for partial in folder.glob(f"{name}.*.partial"):
        if _is_complete(partial):
            partial.replace(archive)
            _prune(folder)
        elif time.time() - partial.stat().st_mtime > _GIVEN_UP_SECONDS:
            partial.unlink(missing_ok=True)
        elif not archive.exists():
            return []
    if archive.exists():
        return [f"-XX:SharedArchiveFile={archive}", *_QUIET]
    if free_bytes(folder) < _ROOM_BYTES or not os.access(folder, os.W_OK):
        return []
    return [f"-XX:ArchiveClassesAtExit={folder / f'{name}.{os.getpid()}-{time.time_ns()}.partial'}", *_QUIET]


def _is_complete(partial: Path) -> bool:
    """Whether the JVM has written its first bytes, which it does last."""
    with partial.open("rb") as file:
        return any(file.read(4))


def _fingerprint(parts: Iterable[Path], options: Sequence[str]) -> str:
    digest = hashlib.sha256("\0".join(options).encode())
    for part in sorted(part.resolve() for part in parts):
        stat = part.stat()
        digest.update(f"\0{part}\0{stat.st_size}\0{stat.st_mtime_ns}".encode())
    return digest.hexdigest()[:16]


def _prune(folder: Path) -> None:
    """Keep the newest archives: those of jars that are gone are of no use, and nothing tells which these are."""
    archives = sorted(folder.glob("*.jsa"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in archives[_KEPT:]:
        with contextlib.suppress(FileNotFoundError):
            old.unlink()
