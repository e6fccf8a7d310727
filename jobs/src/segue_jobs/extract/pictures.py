"""Covers: pictures inside a file or beside it, as references that whoever shows them can check."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Sequence
from pathlib import Path

from segue_core.store.facts import MAGIC_BYTES, MAXIMUM_COVER_BYTES, Cover, picture_type

_FRONT = 3
_BESIDE = tuple(
    f"{form(name)}.{ending}"
    for name in ("cover", "folder", "front")
    for form in (str.lower, str.title)
    for ending in ("jpg", "jpeg", "png", "webp")
)
"""Names of covers beside the music; a closed set, because a folder may have a million files."""


def embedded_cover(pictures: Sequence[tuple[int, bytes]], region: bytes, start: int) -> Cover | None:
    """The front cover among a file's pictures, or else the first.

    Parameters
    ----------
    pictures
        Type and content of each.
    region, start
        The part of the file that holds them, and where it begins. A picture that is not in it as it is (Ogg writes it
        as text) cannot be referred to.
    """
    for _, picture in sorted(pictures, key=lambda one: one[0] != _FRONT):
        kind = picture_type(picture[:MAGIC_BYTES])
        if kind is None or len(picture) > MAXIMUM_COVER_BYTES:
            continue
        offset = region.find(picture)
        if offset >= 0:
            digest = hashlib.sha256(picture).hexdigest()
            return Cover(media_type=kind, offset=start + offset, size=len(picture), sha256=digest)
    return None


def cover_beside(path: Path) -> Cover | None:
    """The cover in the folder of a track's file: ``cover.jpg``, ``folder.jpg``, and the like."""
    for name in _BESIDE:
        try:
            found = (path.parent / name).lstat()
            if not stat.S_ISREG(found.st_mode) or not 0 < found.st_size <= MAXIMUM_COVER_BYTES:
                continue
            with (path.parent / name).open("rb") as file:
                kind = picture_type(file.read(MAGIC_BYTES))
        except OSError:
            continue
        if kind is not None:
            return Cover(media_type=kind, name=name.encode())
    return None
