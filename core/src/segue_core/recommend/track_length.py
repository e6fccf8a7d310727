"""How long a track is, where its file may be only a clip of it. Pure."""

from __future__ import annotations

from enum import StrEnum

CLIP_SECONDS = 95.0
"""Data sets and shops give clips of 30 to 90 seconds; a longer file is taken for the whole track."""
_TOLERANCE_SECONDS = 2.0


class LengthSource(StrEnum):
    """Where a length comes from."""

    FILE = "file"
    """Measured."""
    METADATA = "metadata"
    """The catalogue's CSV says it, and the file is a clip."""


def track_length(measured: float, stated: float | None) -> tuple[float, LengthSource]:
    """Length of a track in seconds.

    Metadata is believed only where it can be true and the file cannot tell: the file is as short as a clip, and the
    track longer than it. Everything else is measured: a CSV that contradicts the music is wrong.

    Parameters
    ----------
    measured
        Seconds of the file.
    stated
        Seconds according to the metadata.
    """
    if stated is not None and measured <= CLIP_SECONDS and stated > measured + _TOLERANCE_SECONDS:
        return stated, LengthSource.METADATA
    return measured, LengthSource.FILE
