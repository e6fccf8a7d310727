"""Turns a stream of samples into blocks of overlapping frames, and into the level and sign changes of each hop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from segue_core.features.layout import HOP_LENGTH, N_FFT
from segue_jobs.native.filter_banks import Single

BLOCK_FRAMES = 216
"""Frames per block: few enough for the caches, many enough for numpy's overhead; 30 s are six blocks."""

Numbers = TypeVar("Numbers", Single, NDArray[np.int64])

_HALF = N_FFT // 2
_HOPS_IN_FRAME = N_FFT // HOP_LENGTH
_SIGN_THRESHOLD = np.float32(-1e-10)


@dataclass(frozen=True)
class Hops:
    """Level and sign changes of the hops of the padded signal, in order."""

    energy: Single
    """Sum of squares of each hop."""
    crossings: NDArray[np.int64]
    """Sign changes in each hop, including the step into its first sample."""
    first_crosses: NDArray[np.bool_]
    """Whether the sign changes at the step into a hop's first sample."""

    @classmethod
    def join(cls, parts: list[Hops]) -> Hops:
        """One sequence of all parts."""
        return cls(
            np.concatenate([part.energy for part in parts]),
            np.concatenate([part.crossings for part in parts]),
            np.concatenate([part.first_crosses for part in parts]),
        )

    def rms(self) -> Single:
        """``librosa.feature.rms`` of each frame, from the energies of its four hops."""
        energy = _sum_of_neighbours(self.energy)
        return np.asarray(np.sqrt(energy / np.float32(N_FFT)), dtype=np.float32)

    def zero_crossing_rate(self) -> Single:
        """``librosa.feature.zero_crossing_rate`` of each frame; the step into its first sample does not count."""
        crossings = _sum_of_neighbours(self.crossings)
        crossings -= self.first_crosses[: len(crossings)]
        return np.asarray(crossings / N_FFT, dtype=np.float32)


class FrameStream:
    """Divides a signal that arrives in pieces into blocks of frames; the blocks do not depend on the pieces.

    The signal is padded as in librosa: with half a frame of zeros before and after (for zero crossings, the first and
    the last sample are repeated instead).
    """

    def __init__(self) -> None:
        self._advance = BLOCK_FRAMES * HOP_LENGTH
        self._buffer = np.zeros(self._advance + N_FFT - HOP_LENGTH, np.float32)
        step = self._buffer.strides[0]
        self._view = as_strided(self._buffer, (BLOCK_FRAMES, N_FFT), (HOP_LENGTH * step, step), writeable=False)
        self._negative = np.zeros(len(self._buffer) + 1, bool)  # begins with the sample before the buffer's first
        self._crosses = np.zeros(len(self._buffer), bool)
        self._filled = _HALF
        self._blocks = 0
        self._samples = 0
        self._hops: list[Hops] = []

    @property
    def samples(self) -> int:
        """Number of samples that have arrived."""
        return self._samples

    def push(self, samples: Single) -> Iterator[Single]:
        """Yield each block of frames, shape (frames, N_FFT), that the samples complete.

        A block is a view into a buffer: it is valid until the next one is requested.
        """
        position = 0
        while position < len(samples):
            taken = min(len(samples) - position, len(self._buffer) - self._filled)
            self._buffer[self._filled : self._filled + taken] = samples[position : position + taken]
            self._filled += taken
            self._samples += taken
            position += taken
            if self._filled == len(self._buffer):
                yield self._frames(BLOCK_FRAMES)
                self._shift()

    def finish(self) -> Iterator[Single]:
        """Pad the end, then yield the remaining blocks; nothing may be pushed afterwards."""
        left = 1 + self._samples // HOP_LENGTH - self._blocks * BLOCK_FRAMES
        end = self._filled
        last_negative = bool(self._buffer[end - 1] < _SIGN_THRESHOLD)
        self._buffer[end:] = 0
        if left > BLOCK_FRAMES:  # the padding completes one block and begins another
            yield self._frames(BLOCK_FRAMES)
            self._shift(signal_end=end, last_negative=last_negative)
            end = max(0, end - self._advance)
            left -= BLOCK_FRAMES
            self._buffer[end:] = 0
        if left > 0:
            yield self._frames(left)
        hops = left + _HOPS_IN_FRAME - 1
        self._measure(hops, end, last_negative=last_negative)

    def hops(self) -> Hops:
        """Level and sign changes of every hop of the finished signal."""
        return Hops.join(self._hops)

    def _frames(self, count: int) -> Single:
        return self._view[:count]

    def _shift(self, signal_end: int | None = None, *, last_negative: bool = False) -> None:
        self._measure(BLOCK_FRAMES, signal_end, last_negative=last_negative)
        self._filled -= self._advance
        kept = len(self._buffer) - self._advance
        self._buffer[:kept] = self._buffer[self._advance :]
        self._blocks += 1

    def _measure(self, hops: int, signal_end: int | None, *, last_negative: bool) -> None:
        """Measure energy and sign changes of the first hops in the buffer; the last sign lasts from `signal_end` on."""
        length = hops * HOP_LENGTH
        block = self._buffer[:length].reshape(hops, HOP_LENGTH)
        negative = self._negative[: length + 1]
        np.less(self._buffer[:length], _SIGN_THRESHOLD, out=negative[1:])
        if signal_end is not None:
            negative[1 + signal_end :] = last_negative
        if not self._hops:
            negative[: 1 + _HALF] = negative[1 + _HALF]
        crosses = np.not_equal(negative[1:], negative[:-1], out=self._crosses[:length])
        self._negative[0] = negative[-1]
        energy = np.vecdot(block, block)
        self._hops.append(
            Hops(
                energy,
                _count_true(crosses.reshape(hops, HOP_LENGTH)),
                crosses[::HOP_LENGTH].copy(),
            )
        )


def _sum_of_neighbours(hops: Numbers) -> Numbers:
    """Sum of each hop and the next three."""
    frames = len(hops) - _HOPS_IN_FRAME + 1
    pairs = hops[:-1] + hops[1:]
    return pairs[:frames] + pairs[2 : 2 + frames]


def _count_true(flags: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Number of True in each row of 512: adds eight bytes at a time; with 64 words, no byte can overflow."""
    words = flags.view(np.uint64).sum(axis=1)
    return np.asarray(words.view(np.uint8).reshape(len(flags), 8).sum(axis=1, dtype=np.int64))
