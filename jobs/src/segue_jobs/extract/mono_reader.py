"""Reads an audio stream sequentially, in blocks mixed to mono."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from segue_jobs.extract.audio_source import Samples
from segue_jobs.extract.audio_stream import AudioStream

BLOCK_FRAMES = 1 << 16
"""One and a half seconds: decoded audio is still in the core's cache when it is mixed and resampled."""
_FULL_SCALE = np.float32(1 / 32768)


class MonoReader:
    """Reads blocks of a stream mixed to mono, reusing its buffers.

    Parameters
    ----------
    first_channel
        Take the first channel alone instead of the mean of all.
    """

    def __init__(self, stream: AudioStream, *, first_channel: bool = False) -> None:
        self._stream = stream
        self._samples = np.empty((BLOCK_FRAMES, stream.channels), np.float32)
        self._mono = np.empty(BLOCK_FRAMES, np.float32)
        # Reading integers is much cheaper than reading the same numbers as floats, and just as exact.
        self._integers = np.empty(self._samples.shape, np.int16) if stream.has_16_bits else None
        self._used = 1 if first_channel else stream.channels
        self._unit = np.float32(1) if self._integers is None else _FULL_SCALE
        self._scale = np.float32(1 / self._used) * self._unit
        self._count = 0

    def read(self, frames: int) -> Samples:
        """Up to this many further frames, valid until the next call; empty at the end of the stream."""
        self._count = self._fill(min(frames, BLOCK_FRAMES))
        first, *others = self._samples[: self._count, : self._used].T
        mono = self._mono[: self._count]
        # Adding columns is many times faster than a mean over the short axis.
        if others:
            np.add(first, others[0], out=mono)
        else:
            mono[:] = first
        for channel in others[1:]:
            mono += channel
        mono *= self._scale
        return mono

    def loudest_channel(self) -> float:
        """The largest sample of any channel in the block that was read last."""
        samples = self._samples[: self._count]
        return float(np.abs(samples).max() * self._unit) if self._count else 0.0

    def _fill(self, frames: int) -> int:
        if self._integers is None:
            return self._stream.read_on(self._samples[:frames])
        count = self._stream.read_on(self._integers[:frames])
        self._samples[:count] = self._integers[:count]
        return count


def gather(pieces: Iterable[Samples], length: int) -> Iterator[Samples]:
    """The pieces' samples in blocks of equal length, but for the last; each is valid until the next is requested."""
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
