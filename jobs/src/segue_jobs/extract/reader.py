"""Sequential reading: blocks of a sound file, mixed to mono."""

from __future__ import annotations

import numpy as np
import soundfile
from numpy.typing import NDArray

from segue_jobs.extract.source import Samples

BLOCK_FRAMES = 1 << 19
"""Twelve seconds: a decoder and an analysis that take turns too often drive each other out of the caches."""
_INTEGER_SUBTYPE = "PCM_16"
_FULL_SCALE = np.float32(1 / 32768)


class SequentialFile(soundfile.SoundFile):  # type: ignore[misc]
    """A sound file that can be read on without a seek after every block.

    `soundfile` seeks to where it already is, which makes an mp3 decoder start anew; a file that says it is not
    seekable is spared that.
    """

    _reading_on = False

    def seekable(self) -> bool:
        """Whether the file can seek; not while `read_on` reads."""
        return not self._reading_on and bool(super().seekable())

    def read_on(self, buffer: NDArray[np.generic]) -> int:
        """Fill the buffer from where the last reading ended; returns the number of frames that came."""
        self._reading_on = True
        try:
            return len(self.read(dtype=buffer.dtype.name, always_2d=True, out=buffer))
        finally:
            self._reading_on = False


class MonoReader:
    """Blocks of a file as the mean of its channels; the buffers are reused from block to block."""

    def __init__(self, file: SequentialFile) -> None:
        self._file = file
        # Integers are much cheaper to read than the same numbers as floats, and no less exact.
        self._scale = _FULL_SCALE if file.subtype == _INTEGER_SUBTYPE else None
        kind = np.float32 if self._scale is None else np.int16
        self._buffer = np.empty((BLOCK_FRAMES, file.channels), kind)
        self._mono = np.empty(BLOCK_FRAMES, np.float32)

    def read(self, frames: int) -> Samples:
        """At most so many further frames, valid until the next call; empty at the end of the file."""
        count = self._file.read_on(self._buffer[: min(frames, BLOCK_FRAMES)])
        channels, mono = self._buffer[:count].T, self._mono[:count]
        if len(channels) == 1:
            mono[:] = channels[0]
        else:  # a sum of columns is many times faster than a mean over the short axis
            np.add(channels[0], channels[1], out=mono, dtype=np.float32)
            for channel in channels[2:]:
                mono += channel
            self._divide(mono, len(channels))
        if self._scale is not None:
            mono *= self._scale
        return mono

    @staticmethod
    def _divide(mono: Samples, channels: int) -> None:
        if channels == 2:
            mono *= np.float32(0.5)
        else:
            mono /= np.float32(channels)
