"""The audio folder: every file that may be audio, and every folder that cannot be read."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from segue_core.contract import Reason, Stage
from segue_core.contract.wording import shorten
from segue_core.errors import ConfigurationError, OutageError
from segue_jobs.listing.formats import AUDIO_EXTENSIONS
from segue_jobs.listing.listed_tracks import Problem
from segue_jobs.listing.passed_over import PassedOver, PassedOverKind, folder_kind, hidden_kind
from segue_jobs.listing.track_ids import extension_of, printable

MAXIMUM_ENTRIES = 2_000_000
"""Files and folders of any kind; a larger folder is a whole disk, or made to hurt."""
MAXIMUM_DEPTH = 100

_Identity = tuple[int, int]
"""Device and inode."""


@dataclass(frozen=True, slots=True)
class AudioFile:
    """A file that may be audio, or a folder (its path ends with ``/``) that cannot be read."""

    path: str
    """Relative to the audio root, separated by ``/``, with undecodable bytes as surrogate escapes."""
    problem: Problem | None = None
    size: int | None = None
    """In bytes; None if unknown."""


@dataclass(frozen=True)
class AudioFolder:
    """What is in an audio folder: each entry is in one of the two."""

    files: list[AudioFile]
    """Ordered by path."""
    passed_over: list[PassedOver]
    """Ordered by path, without files that are not audio: there may be many of them."""
    not_audio: Counter[str]
    """Extension -> number of files that are not audio."""

    def counts(self) -> dict[str, int]:
        """How many entries are passed over, by kind; kinds that do not occur are left out."""
        counts = Counter(entry.kind for entry in self.passed_over)
        counts[PassedOverKind.NOT_AUDIO] += self.not_audio.total()
        return {kind.value: counts[kind] for kind in PassedOverKind if counts[kind]}


def find_audio(root: Path) -> AudioFolder:
    """Walk the audio folder.

    Links are followed, wherever they lead. Each folder is listed once: under its own path, or, if only links lead to
    it, under the first of them.

    Raises
    ------
    ConfigurationError
        The folder is missing, is not a folder, cannot be read or has more than 2,000,000 entries.
    """
    _check_root(root)
    return _Walk(root).result()


def check_still_there(root: Path) -> None:
    """Check that the audio folder is there, after a file in it could not be read.

    Raises
    ------
    OutageError
        It is gone, or empty, as the folder of a disk that was unplugged is.
    """
    try:
        with os.scandir(root) as entries:
            if next(entries, None) is not None:
                return
        problem = "is empty"
    except OSError as error:
        problem = f"is gone ({error.strerror})"
    raise OutageError(
        f"the audio folder {root} {problem}, and was not when its files were listed: mount it again; what is "
        "extracted by now stays, and the rest is tried again"
    )


def _check_root(root: Path) -> None:
    way_out = "check spec.source.audioPath and what is mounted there"
    try:
        with os.scandir(root) as entries:
            next(entries, None)
    except FileNotFoundError:
        raise ConfigurationError(f"the audio folder {root} does not exist: {way_out}") from None
    except NotADirectoryError:
        raise ConfigurationError(f"the audio folder {root} is a file: name the folder that holds it") from None
    except OSError as error:
        raise ConfigurationError(f"the audio folder {root} cannot be read ({error.strerror}): {way_out}") from error


class _Walk:
    """One walk: first through the folders themselves, then through the links to other folders."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files: list[AudioFile] = []
        self._passed_over: list[PassedOver] = []
        self._not_audio: Counter[str] = Counter()
        self._entries = 0
        # A link to a folder above the root would list the root, and everything beside it.
        self._seen: set[_Identity] = {_identity(str(above)) for above in root.resolve().parents}
        self._links: list[str] = []

    def result(self) -> AudioFolder:
        self._walk("")
        while self._links:
            links, self._links = sorted(self._links), []
            for link in links:
                self._walk(link)
        self._files.sort(key=lambda file: file.path)
        return AudioFolder(self._files, sorted(self._passed_over), self._not_audio)

    def _walk(self, beginning: str) -> None:
        """List everything below a folder, whose path is empty or ends with ``/``."""
        folders = [beginning]
        way_out = "make it readable, or remove it"
        while folders:
            folder = folders.pop()
            try:
                if self._enters(folder):
                    folders.extend(self._list(folder))
            except OSError as error:
                self._unreadable(folder, f"cannot read the folder ({error.strerror}); its files are unknown: {way_out}")

    def _enters(self, folder: str) -> bool:
        if folder.count("/") > MAXIMUM_DEPTH:
            self._unreadable(
                folder,
                f"the folder lies more than {MAXIMUM_DEPTH} folders deep, and its files are not listed: move it up",
            )
            return False
        identity = _identity(self._absolute(folder))
        if identity in self._seen:
            self._passed_over.append(PassedOver(folder, PassedOverKind.LINKED_TWICE))
            return False
        self._seen.add(identity)
        return True

    def _list(self, folder: str) -> Iterator[str]:
        """List a folder's entries; yield the folders in it."""
        with os.scandir(self._absolute(folder)) as entries:
            for entry in entries:
                self._count()
                path = folder + entry.name
                if entry.is_symlink():
                    self._follow(path, entry.name)
                elif not entry.is_dir(follow_symlinks=False):
                    self._file(path, entry.name)
                elif self._may_enter(path, entry.name):
                    yield f"{path}/"

    def _follow(self, path: str, name: str) -> None:
        target = self._absolute(path)
        if os.path.isdir(target):  # noqa: PTH112 - surrogate escapes
            if self._may_enter(path, name):
                self._links.append(f"{path}/")
        elif os.path.exists(target) or _may_be_audio(name) or hidden_kind(name):  # noqa: PTH110
            self._file(path, name)
        else:
            self._passed_over.append(PassedOver(path, PassedOverKind.DEAD_LINK))

    def _may_enter(self, path: str, name: str) -> bool:
        kind = folder_kind(name)
        if kind is not None:
            self._passed_over.append(PassedOver(f"{path}/", kind))
        return kind is None

    def _file(self, path: str, name: str) -> None:
        if not _may_be_audio(name):
            self._not_audio[printable(extension_of(name).lower())[:20]] += 1
        elif kind := hidden_kind(name):
            self._passed_over.append(PassedOver(path, kind))
        else:
            self._files.append(_inspect(path, self._absolute(path)))

    def _unreadable(self, folder: str, message: str) -> None:
        self._files.append(AudioFile(folder, Problem(Stage.LIST, Reason.UNREADABLE, message)))

    def _count(self) -> None:
        self._entries += 1
        if self._entries > MAXIMUM_ENTRIES:
            raise ConfigurationError(
                f"the audio folder {self._root} has more than {MAXIMUM_ENTRIES:,} entries, links included: name the "
                "folder with the music in spec.source.audioPath, or divide it between batches"
            )

    def _absolute(self, path: str) -> str:
        return os.path.join(self._root, path)  # noqa: PTH118 - surrogate escapes


def _identity(path: str) -> _Identity:
    found = os.stat(path)  # noqa: PTH116 - surrogate escapes
    return found.st_dev, found.st_ino


def _may_be_audio(name: str) -> bool:
    return extension_of(name).lower() in AUDIO_EXTENSIONS


def _inspect(path: str, absolute: str) -> AudioFile:
    try:
        found = os.stat(absolute)  # noqa: PTH116 - surrogate escapes
    except OSError as error:
        return AudioFile(path, Problem(Stage.LIST, Reason.UNREADABLE, _why_unreadable(absolute, error)))
    if not stat.S_ISREG(found.st_mode):  # opening a pipe would block until its other end is opened
        return AudioFile(
            path, Problem(Stage.LIST, Reason.UNREADABLE, "this is not a regular file, but a device or a pipe")
        )
    return AudioFile(path, size=found.st_size)


def _why_unreadable(absolute: str, error: OSError) -> str:
    try:
        target = printable(os.readlink(absolute))  # noqa: PTH115 - surrogate escapes
    except OSError:
        return f"cannot read the file: {error.strerror}"
    return f"this is a dead link to {shorten(target, 300)} ({error.strerror}): restore the file, or remove the link"
