"""Sequential reading: blocks of a sound file, mixed to mono."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import soundfile
from numpy.typing import NDArray

from segue_jobs.extract.source import Samples

BLOCK_FRAMES = 1 << 16
"""A second and a half: what is decoded is still in a core's cache when it is mixed and resampled."""
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
        self._samples = np.empty((BLOCK_FRAMES, file.channels), np.float32)
        self._mono = np.empty(BLOCK_FRAMES, np.float32)
        # Integers are much cheaper to read than the same numbers as floats, and no less exact.
        self._integers = np.empty(self._samples.shape, np.int16) if file.subtype == _INTEGER_SUBTYPE else None
        self._scale = np.float32(1 / file.channels) * (1 if self._integers is None else _FULL_SCALE)

    def read(self, frames: int) -> Samples:
        """At most so many further frames, valid until the next call; empty at the end of the file."""
        count = self._fill(min(frames, BLOCK_FRAMES))
        first, *others = self._samples[:count].T
        mono = self._mono[:count]
        # A sum of columns is many times faster than a mean over the short axis.
        if others:
            np.add(first, others[0], out=mono)
        else:
            mono[:] = first
        for channel in others[1:]:
            mono += channel
        mono *= self._scale
        return mono

    def _fill(self, frames: int) -> int:
        if self._integers is None:
            return self._file.read_on(self._samples[:frames])
        count = self._file.read_on(self._integers[:frames])
        self._samples[:count] = self._integers[:count]
        return count


def gather(pieces: Iterable[Samples], length: int) -> Iterator[Samples]:
    """The pieces' samples in blocks of a length, and what is left over; each is valid until the next is asked for."""
    block = np.empty(length, np.float32)
    filled = 0
    for piece in pieces:
        taken = 0
        while taken < len(piece):
            count = min(len(piece) - taken, length - filled)
            block[filled : filled + count] = piece[taken : taken + count]
            taken += count
            filled += count
            if filled == length:
                yield block
                filled = 0
    if filled:
        yield block[:filled]
