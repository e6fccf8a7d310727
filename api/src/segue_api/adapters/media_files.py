"""Opens files of a volume, and nothing outside it, whatever their names, links and those who change them do."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from segue_api.ports import NotThereError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""Without blocking: somebody may have put a pipe there."""


@dataclass(frozen=True)
class Descriptor:
    """The port `OpenFile` on a file descriptor."""

    descriptor: int
    size: int
    modified_ns: int

    def read(self, offset: int, size: int) -> bytes:
        """Up to so many bytes from a place."""
        return os.pread(self.descriptor, size, offset)

    def close(self) -> None:
        """Close it."""
        os.close(self.descriptor)


class MountedFiles:
    """The port `VolumeFiles` on the file system.

    Links are followed as long as they stay in the folder. What they lead to is then opened without following any: a
    link that is put there meanwhile leads nowhere.
    """

    def open(self, volume: Path, folder: str, path: bytes) -> Descriptor:
        """See `VolumeFiles`."""
        try:
            base = volume.resolve(strict=True)
            root = _inside(base, base / _relative(folder))
            target = _inside(root, root / _relative(os.fsdecode(path)))
            return _open(base, target.relative_to(base))
        except (OSError, ValueError, RuntimeError) as error:  # a loop of links is a RuntimeError
            raise NotThereError(str(error)) from error


def _relative(path: str) -> PurePosixPath:
    """A path that can only lead down, as long as there are no links.

    Raises
    ------
    ValueError
        It is absolute, has ``..``, or a NUL.
    """
    found = PurePosixPath(path)
    if found.is_absolute() or ".." in found.parts or "\0" in path:
        raise ValueError("the path leads out of its folder")
    return found


def _inside(folder: Path, path: Path) -> Path:
    target = path.resolve(strict=True)
    if not target.is_relative_to(folder):
        raise ValueError("the file lies outside its folder")
    return target


def _open(base: Path, path: Path) -> Descriptor:
    with _walked(base, path.parent) as folder:
        descriptor = os.open(path.name, _FILE, dir_fd=folder)
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        raise NotThereError("this is not a regular file")
    return Descriptor(descriptor, found.st_size, found.st_mtime_ns)


@contextmanager
def _walked(base: Path, path: Path) -> Iterator[int]:
    """Descriptor of a folder below another, reached without following a link."""
    folder = os.open(base, _FOLDER)
    try:
        for name in path.parts:
            below = os.open(name, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = below
        yield folder
    finally:
        os.close(folder)
