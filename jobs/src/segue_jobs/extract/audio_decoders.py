"""The decoders that are installed, in the order in which they try a file."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import soundfile

from segue_jobs.extract.audio_stream import AudioStream, Decoder
from segue_jobs.extract.libsndfile_stream import open_with_libsndfile

_OPUS_HEAD = b"OpusHead"
_FIRST_PAGE_BYTES = 64
FORMATS_EXTRA = "segue-jobs[formats]"


@cache
def has_ffmpeg() -> bool:
    """Whether the second decoder is installed."""
    return find_spec("av") is not None


def decoders_for(path: Path) -> tuple[Decoder, ...]:
    """What to try, one after the other: libsndfile first, but for Opus, which ffmpeg decodes three times faster."""
    if not has_ffmpeg():
        return (open_with_libsndfile,)
    both = (open_with_libsndfile, _open_with_ffmpeg)
    return both[::-1] if _is_opus(path) else both


def decoder_versions() -> list[list[str]]:
    """The decoders in the recipe, and for what they are first."""
    found = [["libsndfile", soundfile.__libsndfile_version__]]
    if has_ffmpeg():
        found.append(["ffmpeg for Opus and others, by PyAV", version("av")])
    return found


def _open_with_ffmpeg(path: Path) -> AudioStream:
    from segue_jobs.extract.ffmpeg_stream import FfmpegStream

    return FfmpegStream(path)


def _is_opus(path: Path) -> bool:
    with path.open("rb") as file:
        return _OPUS_HEAD in file.read(_FIRST_PAGE_BYTES)
