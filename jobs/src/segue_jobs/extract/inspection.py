"""What is known about a file besides its sound: its size, its tags, its cover, and where it is."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from segue_core.store.facts import Cover, FileFacts, Root
from segue_core.store.records import Metadata
from segue_jobs.extract.file_stamp import lasting_stamp
from segue_jobs.extract.payload import Payload
from segue_jobs.extract.pictures import cover_in
from segue_jobs.extract.tags import read_tags
from segue_jobs.listing.track_ids import extension_of, printable

_NUMBERS = ("disc_number", "track_number", "music_brainz", "isrcs")
_LONGEST_SUFFIX = 16
_FASTEST = 10_000_000
"""Kilobits per second; a broken header may claim any duration."""


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """One file; it depends on nothing but the file and the folder around it."""

    bytes: int
    """Size of the whole file."""
    payload_bytes: int
    tags: Metadata
    cover: Cover | None
    stamp: str | None = None
    """See `FileFacts`."""


def inspect_file(path: Path, size: int, payload: Payload, stamp: str) -> Inspection:
    """Look at a file that can be decoded.

    Parameters
    ----------
    size
        Of the whole file, bytes.
    payload
        The audio in it.
    stamp
        The file's, before it was read.
    """
    tags = read_tags(path)
    return Inspection(
        bytes=size,
        payload_bytes=payload.bytes,
        tags=tags.metadata,
        cover=tags.cover or cover_in(path.parent),
        stamp=lasting_stamp(path, stamp),
    )


def track_file(path: str, inspection: Inspection, seconds: float, root: Root | None) -> FileFacts:
    """The file as the track's record has it.

    Parameters
    ----------
    path
        Relative to the root, undecodable bytes as surrogate escapes.
    seconds
        How long the track is.
    """
    return FileFacts(
        path=os.fsencode(path),
        root=root,
        size=inspection.bytes,
        suffix=printable(extension_of(path)[1:].lower())[:_LONGEST_SUFFIX],
        bit_rate_kbps=min(round(inspection.payload_bytes * 8 / seconds / 1000), _FASTEST) if seconds > 0 else None,
        cover=inspection.cover,
        stamp=inspection.stamp,
    )


def unchanged_file(
    stored: FileFacts, path: Path, root: Root | None, covers: Callable[[Path], Cover | None]
) -> FileFacts:
    """The same for a file whose stamp is the stored one: nothing but a cover beside it may be new.

    Parameters
    ----------
    path
        Where the file is now.
    covers
        Finds the cover in a folder.
    """
    is_embedded = stored.cover is not None and stored.cover.name is None
    cover = stored.cover if is_embedded else covers(path.parent)
    return msgspec.structs.replace(stored, root=root, cover=cover)


def with_numbers(row: Metadata, tags: Metadata) -> Metadata:
    """A row of a CSV with the numbers and identifiers that only the tags have; names come from the row alone."""
    missing = {name: getattr(tags, name) for name in _NUMBERS if getattr(row, name) == getattr(Metadata(), name)}
    return msgspec.structs.replace(row, **missing)
