"""Whether a Monkey's Audio file is all there: its last frame may be 27 seconds long, and decodes even if it is cut."""

from __future__ import annotations

import struct
from pathlib import Path

_DESCRIPTOR = struct.Struct("<4sH2x7I")
_HAS_DESCRIPTOR = 3980
"""Version of the format, times 1000; older files do not say how long they are."""


def is_whole(path: Path, start: int, end: int) -> bool:
    """Whether the file has as many bytes between two positions as its descriptor counts."""
    with path.open("rb") as file:
        file.seek(start)
        head = file.read(_DESCRIPTOR.size)
    if len(head) < _DESCRIPTOR.size:
        return False
    magic, version, descriptor, header, seek_table, wave, audio, audio_high, terminating = _DESCRIPTOR.unpack(head)
    if magic != b"MAC " or version < _HAS_DESCRIPTOR:
        return True
    claimed = descriptor + header + seek_table + wave + audio + (audio_high << 32) + terminating
    return bool(end - start >= claimed)
