"""The audio folder: every file that may be audio, once, and every folder that could not be read."""

from __future__ import annotations

import logging
import os
import stat
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from segue_jobs.contract import Reason, Stage
from segue_jobs.listing.model import Problem
from segue_jobs.listing.track_ids import printable
from segue_jobs.runtime.program import ConfigurationError

logger = logging.getLogger(__name__)

AUDIO_EXTENSIONS = frozenset(
    (
        ".aac", ".ac3", ".aif", ".aifc", ".aiff", ".alac", ".amr", ".ape", ".asf", ".au", ".caf", ".dff", ".dsf",
        ".dts", ".flac", ".m4a", ".m4b", ".m4p", ".mka", ".mkv", ".mov", ".mp1", ".mp2", ".mp3", ".mp4", ".mpa",
        ".mpc", ".mpeg", ".mpg", ".oga", ".ogg", ".ogv", ".ogx", ".opus", ".ra", ".rf64", ".rm", ".snd", ".spx",
        ".tta", ".voc", ".w64", ".wav", ".wave", ".webm", ".wma", ".wmv", ".wv",
    )
)  # fmt: skip
"""Names that promise audio. Formats that cannot be decoded are among them on purpose: their owner should read
``UnsupportedFormat`` and not search for a track that silently is not there."""


@dataclass(frozen=True)
class AudioFile:
    """A file that may be audio, or a folder (its path ends with ``/``) that could not be read."""

    path: str
    """Relative to the audio root, with ``/``; undecodable bytes as surrogate escapes."""
    problem: Problem | None = None


def find_audio(root: Path) -> list[AudioFile]:
    """Walk the audio folder; ordered by path.

    Links to folders are not followed, so that a loop of links ends; links to files are. Hidden files and folders and
    files that are no audio by their extension are passed over.

    Raises
    ------
    ConfigurationError
        The folder is missing, is no folder or cannot be read.
    """
    _check_root(root)
    found: list[AudioFile] = []
    passed_over: Counter[str] = Counter()
    for folder, folders, names in os.walk(root, onerror=lambda error: found.append(_unreadable_folder(root, error))):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        prefix = _relative(root, folder)
        for name in folders:
            if Path(folder, name).is_symlink():
                logger.warning("a link to a folder is not followed", extra={"folder": printable(prefix + name)})
        for name in names:
            if name.startswith("."):
                continue
            extension = PurePosixPath(name).suffix.lower()
            if extension in AUDIO_EXTENSIONS:
                found.append(_inspect(root, prefix + name))
            else:
                passed_over[printable(extension)] += 1
    if passed_over:
        logger.info("files that are no audio are passed over", extra={"extensions": dict(passed_over.most_common(10))})
    return sorted(found, key=lambda file: file.path)


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


def _relative(root: Path, folder: str) -> str:
    """Path of a folder below the root, empty or ending with ``/``."""
    relative = os.path.relpath(folder, root).replace(os.sep, "/")
    return "" if relative == "." else f"{relative}/"


def _unreadable_folder(root: Path, error: OSError) -> AudioFile:
    message = f"the folder cannot be read ({error.strerror}): its files are unknown; allow reading it, or remove it"
    return AudioFile(_relative(root, str(error.filename)), Problem(Stage.LIST, Reason.UNREADABLE, message))


def _inspect(root: Path, path: str) -> AudioFile:
    try:
        mode = Path(root, path).stat().st_mode
    except OSError as error:
        return AudioFile(path, Problem(Stage.LIST, Reason.UNREADABLE, f"the file cannot be read: {error.strerror}"))
    if not stat.S_ISREG(mode):  # opening a pipe would wait for its other end
        return AudioFile(path, Problem(Stage.LIST, Reason.UNREADABLE, "this is no regular file but a device or pipe"))
    return AudioFile(path)
