"""Playlists: M3U files, which every player opens. No I/O."""

from __future__ import annotations

import os
import urllib.parse
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from segue.commandline import printable

SUFFIXES = frozenset((".m3u", ".m3u8"))
HEADER = b"#EXTM3U"
_BREAKS = (b"\n", b"\r")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class PlaylistEntry:
    """A file to play."""

    location: bytes
    """Absolute path."""
    name: str
    """For people."""
    seconds: float


def uri_of(location: bytes) -> str:
    """A path as a URI, which names the file exactly, whatever bytes its name has."""
    return "file://" + urllib.parse.quote(location)


def playlist(entries: Iterable[PlaylistEntry]) -> bytes:
    """An extended M3U; a path that a line cannot hold is written as a URI."""
    lines = [HEADER]
    for entry in entries:
        seconds = round(entry.seconds) if entry.seconds > 0 else -1
        lines.append(f"#EXTINF:{seconds},{printable(entry.name)}".encode("utf-8", "replace"))
        breaks = any(mark in entry.location for mark in _BREAKS) or entry.location != entry.location.strip()
        lines.append(uri_of(entry.location).encode() if breaks else entry.location)
    return b"\n".join([*lines, b""])


def paths_in(raw: bytes, folder: str) -> list[str]:
    """The files that a playlist names, in its order, as paths with surrogate escapes; streams are left out.

    Parameters
    ----------
    folder
        Where the playlist is: its paths are relative to it.
    """
    lines = (line.strip() for line in raw.removeprefix(_BYTE_ORDER_MARK).splitlines())
    named = (_path(line) for line in lines if line and not line.startswith(b"#"))
    return [os.path.normpath(os.path.join(folder, path)) for path in named if path is not None]  # noqa: PTH118


def _path(line: bytes) -> str | None:
    text = os.fsdecode(line)
    scheme, separator, rest = text.partition("://")
    if separator and scheme.isalnum():
        return urllib.parse.unquote(rest, errors="surrogateescape") if scheme.lower() == "file" else None
    # Windows writes backslashes, and a drive, which no file here has.
    if "/" not in text and "\\" in text:
        text = text.replace("\\", "/")
    return text


def is_playlist(path: str) -> bool:
    """Whether a path has the ending of a playlist."""
    return PurePosixPath(path).suffix.lower() in SUFFIXES
