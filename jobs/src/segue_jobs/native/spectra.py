"""Spectra of a block of frames, one column per frame, in float32 where that is precise enough."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segue_core.features.layout import N_FFT
from segue_jobs.native.arithmetic import reduce_rows
from segue_jobs.native.contrast import LOW_BINS, ContrastBands, Extremes
from segue_jobs.native.filter_banks import BINS, Single, hann
from segue_jobs.native.fourier import rfft
from segue_jobs.native.framing import BLOCK_FRAMES

_TRANSFORMED_TOGETHER = 36
"""Frames per FFT call: their windowed samples stay in the core's cache."""
_PRECISE_BELOW = np.float32(1e-12)
"""A float32 transform has an error of about 3e-9 of the frame's norm in every bin; librosa uses float64. If the power
of a contrast valley is this far below the frame's power, the frame is transformed again in float64."""
_FLAT_ABOVE = np.float32(1 / (2 * BINS))
"""The spectrum of a click is flat, with no valley far below the mean power: only rounding decides where its peaks are,
so it must be librosa's rounding."""


@dataclass(frozen=True)
class Spectra:
    """Magnitudes and powers of a block, both (bins, frames) and contiguous, with sums and extremes, (frames,)."""

    magnitude: Single
    power: Single
    power_sum: Single
    sum: Single
    """Sum of the magnitudes."""
    first_moment: Single
    """Sum of the magnitudes multiplied by their bin numbers."""
    second_moment: Single
    """The same with squared bin numbers."""
    high_sum: Single
    """Sum of the magnitudes from `LOW_BINS` on."""
    high_peak: Single
    """Largest magnitude from `LOW_BINS` on."""
    highest: Single
    """Largest magnitude of all."""
    extremes: Extremes


class Transform:
    """The windowed real FFT of blocks of frames; reuses its buffers from block to block."""

    def __init__(self) -> None:
        self._window = hann(N_FFT)
        self._window_single = self._window.astype(np.float32)
        self._windowed = np.empty((_TRANSFORMED_TOGETHER, N_FFT), np.float32)
        self._complex = np.empty(BINS * BLOCK_FRAMES, np.complex64)
        self._magnitude = np.empty(BINS * BLOCK_FRAMES, np.float32)
        self._power = np.empty(BINS * BLOCK_FRAMES, np.float32)
        self._bands = ContrastBands()
        self._ones = np.ones(BINS, np.float32)
        bins = np.arange(BINS)
        self._moments = np.stack([np.ones(BINS), bins, bins * bins, bins >= LOW_BINS]).astype(np.float32)

    def __call__(self, frames: Single, power: Single | None = None) -> Spectra:
        """Spectra of frames (count, N_FFT); `power`, if given, is where to write the powers, flattened.

        The result is valid until the next call.
        """
        count = len(frames)
        magnitude = self._magnitude[: BINS * count].reshape(BINS, count)
        spectrum = self._complex[: BINS * count].reshape(BINS, count)
        # The transposed view makes the FFT write one row per bin: later sums and products over bins run along frames.
        for first in range(0, count, _TRANSFORMED_TOGETHER):
            part = frames[first : first + _TRANSFORMED_TOGETHER]
            windowed = np.multiply(part, self._window_single, out=self._windowed[: len(part)])
            rfft(windowed.T, axis=0, out=spectrum[:, first : first + len(part)])
        np.abs(spectrum, out=magnitude)
        flat = self._power if power is None else power
        squared = np.multiply(magnitude, magnitude, out=flat[: BINS * count].reshape(BINS, count))
        total, extremes = self._ones @ squared, self._bands.measure(magnitude)
        coarse = _coarse(extremes, total)
        if len(coarse):
            self._transform_again(frames, coarse, magnitude, squared)
            total = self._ones @ squared
            extremes.replace(coarse, self._bands.measure(magnitude[:, coarse]))
        one, first, second, high = self._moments @ magnitude
        high_peak = reduce_rows(np.maximum, magnitude[LOW_BINS:])
        highest = np.maximum(extremes.highest, high_peak)
        return Spectra(magnitude, squared, total, one, first, second, high, high_peak, highest, extremes)

    def _transform_again(self, frames: Single, columns: NDArray[np.intp], magnitude: Single, power: Single) -> None:
        exact = np.abs(rfft(frames[columns] * self._window, axis=1).astype(np.complex64))
        magnitude[:, columns] = exact.T
        power[:, columns] = (exact * exact).T


def _coarse(extremes: Extremes, total: Single) -> NDArray[np.intp]:
    """Frames whose float32 spectrum is not precise enough."""
    lowest = np.minimum.reduce(extremes.valleys, axis=0)
    lowest *= lowest
    coarse = lowest < _PRECISE_BELOW * total
    coarse |= lowest > total * _FLAT_ABOVE
    return np.flatnonzero(coarse)
