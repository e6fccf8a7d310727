"""Metadata from the tags inside an audio file."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import mutagen

from segue_jobs.listing import cells
from segue_jobs.listing.track_ids import printable
from segue_jobs.records import Metadata

logger = logging.getLogger(__name__)

_NAMES = {
    "title": ("title", "TIT2"),
    "artist": ("artist", "TPE1"),
    "album": ("album", "TALB"),
    "genre": ("genre", "TCON"),
    "date": ("date", "year", "TDRC"),
}
"""Ours -> Vorbis comment, APE or easy name, ID3 frame (in WAV and AIFF)."""


def read_tags(path: Path) -> Metadata:
    """What the tags say; tags that cannot be read say nothing, for the audio may be good."""
    try:
        with path.open("rb") as file:
            found = mutagen.File(file, easy=True)
            tags = None if found is None else found.tags
            values = {name: _values(tags, keys) for name, keys in _NAMES.items()}
            length = getattr(getattr(found, "info", None), "length", 0.0)
    except Exception as error:  # noqa: BLE001 - on damaged tags mutagen raises whatever its parsers run into
        logger.warning("tags cannot be read", extra={"path": printable(str(path)), "error": str(error)[:200]})
        return Metadata()
    return Metadata(
        title=_first(values["title"]),
        artist=_first(values["artist"]),
        album=_first(values["album"]),
        genres=cells.distinct(part for value in values["genre"] for part in cells.genres(value)),
        year=cells.year(next(iter(values["date"]), "")),
        duration_seconds=cells.seconds(f"{length:.3f}"),
    )


def _values(tags: Any, keys: Iterable[str]) -> list[str]:
    for key in keys:
        if tags is not None and key in tags:
            value = tags[key]
            entries = getattr(value, "genres", None) or getattr(value, "text", value)
            return [str(entry) for entry in (entries if isinstance(entries, list) else [entries])]
    return []


def _first(values: list[str]) -> str | None:
    return next(filter(None, map(cells.text, values)), None)
