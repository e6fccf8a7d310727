"""Which entries of an audio folder are nobody's music, by their names. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_SYSTEM_FOLDERS = frozenset(
    (
        "#recycle", "#snapshot", "$recycle.bin", "@eadir", "@recently-snapshot", "@recycle", "@tmp", "__macosx",
        "lost+found", "system volume information",
    )
)  # fmt: skip
"""What file systems, NAS boxes and archives add: recycle bins, thumbnails, snapshots. In lower case."""


class PassedOverKind(StrEnum):
    """Why an entry of the audio folder is passed over: a closed set."""

    APPLE_DOUBLE = "AppleDouble"
    """``._song.mp3``: what macOS keeps beside a file where the file system cannot keep it in the file."""
    HIDDEN = "Hidden"
    """A name that begins with one dot."""
    SYSTEM_FOLDER = "SystemFolder"
    """A recycle bin, thumbnails, snapshots."""
    LINKED_TWICE = "LinkedTwice"
    """A link to a folder that is listed under another path, or that holds the audio folder."""
    DEAD_LINK = "DeadLink"
    """A link that leads nowhere, and whose name does not end like audio."""
    NOT_AUDIO = "NotAudio"


@dataclass(frozen=True, slots=True, order=True)
class PassedOver:
    """An entry that is not listed; the path of a folder ends with ``/``."""

    path: str
    kind: PassedOverKind


def hidden_kind(name: str) -> PassedOverKind | None:
    """Whether a name hides its file or folder.

    One dot does. Two and more begin a title, such as "...And Justice for All".
    """
    if name.startswith("._"):
        return PassedOverKind.APPLE_DOUBLE
    return PassedOverKind.HIDDEN if name.startswith(".") and not name.startswith("..") else None


def folder_kind(name: str) -> PassedOverKind | None:
    """Whether a folder is passed over because of its name."""
    if hidden_kind(name):
        return PassedOverKind.HIDDEN
    return PassedOverKind.SYSTEM_FOLDER if name.lower() in _SYSTEM_FOLDERS else None
