"""Tags as ffmpeg's demultiplexers read them: MP4, ASF, Matroska, the INFO list of a WAV, and what else there is."""

from __future__ import annotations

from collections import defaultdict
from typing import BinaryIO

from segue_jobs.extract.audio_decoders import has_ffmpeg

_MAXIMUM_TAGS = 10_000
_MAXIMUM_TEXT = 64 << 10


def read_container_tags(file: BinaryIO) -> defaultdict[str, list[str]]:
    """Values by their names in lower case; empty without the second decoder, or if it does not know the file."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    if not has_ffmpeg():
        return found
    from segue_jobs.extract.ffmpeg_file import FFmpegError, open_container

    file.seek(0)
    try:
        with open_container(file) as container:
            sources = [container.metadata, *(stream.metadata for stream in container.streams.audio[:1])]
            pairs = [pair for source in sources for pair in list(source.items())[:_MAXIMUM_TAGS]]
    except FFmpegError:
        return found
    for name, value in pairs:
        found[name.lower()].append(value[:_MAXIMUM_TEXT])
    return found
