"""A list of tracks as an extended M3U playlist."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

MEDIA_TYPE = "audio/x-mpegurl"


@dataclass(frozen=True)
class Entry:
    """One track of a playlist."""

    path: str
    """Where its source has the file, relative to its audio folder."""
    title: str
    artist: str
    seconds: float | None


def _line(text: str) -> str:
    """Text that stays on its line."""
    return "".join(character if character.isprintable() else " " for character in text).strip()


def playlist(name: str, entries: Iterable[Entry]) -> str:
    """The playlist's text. A path that begins with '#' would be a comment, so it gets a dot in front."""
    lines = ["#EXTM3U", f"#PLAYLIST:{_line(name)}"]
    for entry in entries:
        seconds = -1 if entry.seconds is None else round(entry.seconds)
        label = " - ".join(part for part in (_line(entry.artist), _line(entry.title)) if part)
        path = _line(entry.path)
        lines += [f"#EXTINF:{seconds},{label}", f"./{path}" if path.startswith("#") else path]
    return "\n".join(lines) + "\n"
