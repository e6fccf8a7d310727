"""Tags as ffmpeg's demultiplexers read them: MP4, ASF, Matroska, the INFO list of a WAV, and what else there is."""

from __future__ import annotations

from typing import BinaryIO

from segue_jobs.extract.audio_decoders import has_ffmpeg
from segue_jobs.extract.container_values import ContainerTags

_MAXIMUM_TAGS = 10_000


def read_container_tags(file: BinaryIO) -> ContainerTags:
    """Values by their names; empty without the second decoder, or if it does not know the file."""
    found = ContainerTags()
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
        found.add(name, [value])
    return found
