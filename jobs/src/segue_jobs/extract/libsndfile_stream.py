"""The first decoder: libsndfile, with libmpg123, libFLAC, libvorbis and libopus in it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from segue_core.contract import Reason
from segue_core.contract.wording import shorten
from segue_jobs.extract.audio_stream import StreamError, refuse
from segue_jobs.extract.mpeg import counted_samples, looks_whole
from segue_jobs.extract.payload import untagged_range

_NO_AUDIO_FOUND = 7
_UNSUPPORTED = (1, 4, _NO_AUDIO_FOUND, 18, 26)
"""libsndfile's codes for a format or encoding that is unknown or not implemented. Code 7, "not a regular file", is what
it returns for an MP3 without a single frame."""
_UNKNOWN_LENGTH = 1 << 62
"""What it returns for a stream that does not say its length is above this."""
_MPEG_LAYER_III = "MPEG_LAYER_III"
_FEW = 256
_FAILURES = (soundfile.SoundFileError, RuntimeError)


class LibsndfileStream(soundfile.SoundFile):  # type: ignore[misc]
    """A sound file that can be read block by block without a seek after each; an `AudioStream`.

    `soundfile` seeks to its own position after reading, which makes an mp3 decoder start over, unless the file says
    that it is not seekable.

    It is opened by its descriptor: by its path, libsndfile would read ``._song.mp3`` beside ``song.mp3`` instead.
    """

    _reading_on = False
    damages = 0
    """libsndfile passes over nothing: it stops."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            super().__init__(self._descriptor, closefd=False)
        except BaseException:
            os.close(self._descriptor)
            raise

    @property
    def sample_rate(self) -> int:
        """In Hz."""
        return int(self.samplerate)

    @property
    def codec(self) -> str:
        """Container and codec in libsndfile's words."""
        return f"{self.format}/{self.subtype}"

    @property
    def has_16_bits(self) -> bool:
        """Whether the samples are 16-bit integers."""
        return bool(self.subtype == "PCM_16")

    def close(self) -> None:
        """Close the file and its descriptor."""
        if not self.closed:
            super().close()
            os.close(self._descriptor)

    def seekable(self) -> bool:
        """Whether the file can seek; False while `read_on` reads."""
        return not self._reading_on and bool(super().seekable())

    def seek(self, frame: int, whence: int = os.SEEK_SET) -> int:
        """Continue at this frame, if it is another one: a seek makes an mp3 decoder start over."""
        if whence == os.SEEK_SET and frame == self.tell():
            return frame
        try:
            return int(super().seek(frame, whence))
        except _FAILURES as error:
            raise StreamError(_detail(error)) from error

    def read_on(self, buffer: NDArray[np.generic]) -> int:
        """Read into the buffer from where the last read ended; return the number of frames read."""
        self._reading_on = True
        try:
            return len(self.read(dtype=buffer.dtype.name, always_2d=True, out=buffer))
        except _FAILURES as error:
            raise StreamError(_detail(error)) from error
        finally:
            self._reading_on = False

    def reaches(self, frame: int) -> bool:
        """Whether there is audio at this frame; an mp3 may tell by its own count of bytes."""
        if self.subtype == _MPEG_LAYER_III and looks_whole(self._path, *untagged_range(self._path)):
            return True
        self.seek(frame)
        return self.read_on(np.empty((_FEW, self.channels), np.float32)) > 0


def open_with_libsndfile(path: Path) -> LibsndfileStream:
    """Open a file; see `audio_stream.Decoder`."""
    try:
        stream = LibsndfileStream(path)
    except soundfile.LibsndfileError as error:
        reason = Reason.UNSUPPORTED_FORMAT if error.code in _UNSUPPORTED else Reason.DECODE_ERROR
        raise refuse(reason, f"cannot decode this as audio: {_detail(error)}") from error
    try:
        _check_length(stream, path)
    except BaseException:
        stream.close()
        raise
    return stream


def _check_length(stream: LibsndfileStream, path: Path) -> None:
    """Refuse a file whose length libsndfile does not know: it reads no further than the length that it guessed."""
    if stream.frames >= _UNKNOWN_LENGTH:
        raise refuse(Reason.DURATION_MISMATCH, "the file does not say how long it is")
    if stream.subtype != _MPEG_LAYER_III:
        return
    counted = counted_samples(path, *untagged_range(path))
    if counted is not None and abs(counted - stream.frames) > max(stream.samplerate, 0.01 * counted):
        message = "the file does not say how long it is, and its bit rate varies: its length cannot be calculated"
        raise refuse(Reason.DURATION_MISMATCH, message)


def _detail(error: Exception) -> str:
    """The message of libsndfile without the path, which it shows as bytes."""
    if getattr(error, "code", None) == _NO_AUDIO_FOUND:
        return "it contains no audio frames"
    return shorten(str(getattr(error, "error_string", error)).strip(), 300)
