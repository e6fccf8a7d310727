"""Opens a file with ffmpeg's demultiplexers through PyAV.

Nothing of a file's name reaches ffmpeg, only its bytes, and of its demultiplexers only those of audio files: none that
opens another file or address.
"""

from __future__ import annotations

from typing import BinaryIO

import av
from av import FFmpegError
from av.container import InputContainer

__all__ = ["FFmpegError", "open_container"]

_CONTAINERS = (
    "aac", "ac3", "aiff", "amr", "ape", "asf", "au", "caf", "dsf", "dts", "dtshd", "eac3", "flac", "iff", "matroska",
    "mov", "mp3", "mpc", "mpc8", "mpeg", "ogg", "rm", "tta", "voc", "w64", "wav", "wv",
)  # fmt: skip
_OPTIONS = {"format_whitelist": ",".join(_CONTAINERS), "protocol_whitelist": "none"}
_BUFFER_BYTES = 1 << 16


def open_container(file: BinaryIO) -> InputContainer:
    """Open a file from where it is; close the container before the file.

    Raises
    ------
    FFmpegError
        It is in no format that may be opened, or damaged.
    """
    return av.open(file, "r", options=_OPTIONS, metadata_errors="replace", buffer_size=_BUFFER_BYTES)
