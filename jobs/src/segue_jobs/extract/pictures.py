"""Covers: pictures inside a file or beside it, as references that whoever shows them can check."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from segue_core.store.facts import MAGIC_BYTES, MAXIMUM_COVER_BYTES, Cover, PictureType, picture_type
from segue_core.store.ogg_pictures import headers_size, ogg_pictures

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
        The part of the file that holds them, and where it begins. A picture that is not in it as it is cannot be
        referred to.
    """
    for kind, picture in _shown(pictures):
        offset = region.find(picture)
        if offset >= 0:
            digest = hashlib.sha256(picture).hexdigest()
            return Cover(media_type=kind, offset=start + offset, size=len(picture), sha256=digest)
    return None


def ogg_cover(file: BinaryIO, start: int) -> Cover | None:
    """The front cover in the headers of an Ogg file, or else the first picture.

    Parameters
    ----------
    start
        Where the first page begins.
    """

    def read(offset: int, size: int) -> bytes:
        file.seek(start + offset)
        return file.read(size)

    size = headers_size(read)
    for kind, picture in _shown(ogg_pictures(read(0, size))):
        digest = hashlib.sha256(picture).hexdigest()
        return Cover(media_type=kind, offset=start, size=size, inside="ogg", sha256=digest)
    return None


def _shown(pictures: Sequence[tuple[int, bytes]]) -> Iterator[tuple[PictureType, bytes]]:
    """Those that browsers show, the front cover first."""
    for _, picture in sorted(pictures, key=lambda one: one[0] != _FRONT):
        kind = picture_type(picture[:MAGIC_BYTES])
        if kind is not None and len(picture) <= MAXIMUM_COVER_BYTES:
            yield kind, picture


def cover_in(folder: Path) -> Cover | None:
    """The cover in a folder of tracks: ``cover.jpg``, ``folder.jpg``, and the like."""
    for name in _BESIDE:
        try:
            found = (folder / name).lstat()
            if not stat.S_ISREG(found.st_mode) or not 0 < found.st_size <= MAXIMUM_COVER_BYTES:
                continue
            with (folder / name).open("rb") as file:
                kind = picture_type(file.read(MAGIC_BYTES))
        except OSError:
            continue
        if kind is not None:
            return Cover(media_type=kind, name=name.encode())
    return None
