"""What tags in a container hold, within bounds. No I/O."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

_MAXIMUM_NAMES = 1000
_MAXIMUM_VALUES = 100
_MAXIMUM_TEXT = 64 << 10
_MUSICBRAINZ = "musicbrainz"


@dataclass
class ContainerTags:
    """Tags between the other parts of a file."""

    texts: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Values by their names in lower case; of MusicBrainz, as in Vorbis comments."""
    pictures: list[tuple[int, bytes]] = field(default_factory=list)
    """Type and content; 3 is the front cover."""
    raw: bytes = b""
    """The part of the file that has them."""
    begin: int = 0
    """Where that is in the file."""

    def add(self, name: str, values: Iterable[str]) -> None:
        """Add values of a name; the same value counts once, because writers repeat the first one."""
        name = _as_in_comments(name.lower())
        if name not in self.texts and len(self.texts) >= _MAXIMUM_NAMES:
            return
        there = self.texts[name]
        new = [value[:_MAXIMUM_TEXT] for value in dict.fromkeys(values) if value and value not in there]
        there += islice(new, _MAXIMUM_VALUES - len(there))


def _as_in_comments(name: str) -> str:
    """``MusicBrainz Track Id`` (MP4) and ``MusicBrainz/Track Id`` (ASF) are ``musicbrainz_trackid``."""
    if not name.startswith(_MUSICBRAINZ):
        return name
    return f"{_MUSICBRAINZ}_{name.removeprefix(_MUSICBRAINZ).lstrip(' /_').replace(' ', '')}"
