"""Extremes of the spectral contrast bands: the means of their quietest and of their loudest bins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segue_core.features.layout import N_CONTRAST
from segue_jobs.native.filter_banks import BINS, Single, contrast_bands
from segue_jobs.native.framing import BLOCK_FRAMES

_BANDS = contrast_bands()[:N_CONTRAST]
_SORTED = [index for index, band in enumerate(_BANDS) if band.quantile > 1]
_FIRST_BIN = _BANDS[_SORTED[0]].bins.start
LOW_BINS = _BANDS[-1].bins.stop
"""Number of bins in the bands that are features: those below 6.4 kHz."""


@dataclass(frozen=True)
class Extremes:
    """Extremes of a block of frames."""

    valleys: Single
    """(6, frames)"""
    peaks: Single
    """(6, frames)"""
    highest: Single
    """(frames,) largest magnitude below `LOW_BINS`."""

    def replace(self, columns: NDArray[np.intp], better: Extremes) -> None:
        """Replace some frames with better measurements."""
        self.valleys[:, columns] = better.valleys
        self.peaks[:, columns] = better.peaks
        self.highest[columns] = better.highest


class ContrastBands:
    """Measures bands 0 to 5; reuses its buffer from block to block."""

    def __init__(self) -> None:
        self._rows = np.empty((BLOCK_FRAMES, LOW_BINS - _FIRST_BIN), np.float32)
        self._slices = [
            slice(_BANDS[index].bins.start - _FIRST_BIN, _BANDS[index].bins.stop - _FIRST_BIN) for index in _SORTED
        ]
        self._pick = self._selection()

    def _selection(self) -> Single:
        """Weights that turn a row of sorted bands into their valleys, followed by their peaks."""
        pick = np.zeros((self._rows.shape[1], 2 * len(_SORTED)), np.float32)
        for column, (index, place) in enumerate(zip(_SORTED, self._slices, strict=True)):
            quantile = _BANDS[index].quantile
            pick[place.start : place.start + quantile, column] = 1 / quantile
            pick[place.stop - quantile : place.stop, len(_SORTED) + column] = 1 / quantile
        return pick

    def measure(self, magnitude: Single) -> Extremes:
        """Extremes of magnitudes (bins, frames)."""
        count = magnitude.shape[1]
        valleys, peaks = np.empty((N_CONTRAST, count), np.float32), np.empty((N_CONTRAST, count), np.float32)
        for index in range(_SORTED[0]):  # the low bands are narrow: one bin each way
            np.minimum.reduce(magnitude[_BANDS[index].bins], axis=0, out=valleys[index])
            np.maximum.reduce(magnitude[_BANDS[index].bins], axis=0, out=peaks[index])
        highest = peaks[: _SORTED[0]].max(axis=0)
        # numpy vectorises sorting short rows, but not partitioning them.
        rows = self._rows[:count]
        rows[:] = magnitude[_FIRST_BIN:LOW_BINS].T
        for place in self._slices:
            rows[:, place].sort(axis=1)
            np.maximum(highest, rows[:, place.stop - 1], out=highest)
        picked = (rows @ self._pick).T
        valleys[_SORTED[0] :] = picked[: len(_SORTED)]
        peaks[_SORTED[0] :] = picked[len(_SORTED) :]
        return Extremes(valleys, peaks, highest)


class LargestExtremes:
    """The largest valley and the largest peak of all seven bands in a track.

    Band 6 is not a feature, but ``power_to_db`` limits all bands to 80 dB below the largest one. A bound nearly always
    shows that band 6 is not the largest, so that its 431 bins need not be sorted.
    """

    def __init__(self) -> None:
        self.valley = np.float32(0)
        self.peak = np.float32(0)

    def update(self, magnitude: Single, extremes: Extremes, high_sum: Single, high_peak: Single) -> None:
        """Include a block, given the sum and the maximum of each frame's magnitudes in band 6."""
        self.valley = max(self.valley, extremes.valleys.max())
        self.peak = max(self.peak, extremes.peaks.max())
        # A band's mean is at least its valley, and its largest bin at least its peak.
        columns = np.flatnonzero((high_sum > self.valley * np.float32(BINS - LOW_BINS)) | (high_peak > self.peak))
        if len(columns):
            band = contrast_bands()[N_CONTRAST]
            ordered = np.sort(magnitude[band.bins, columns], axis=0)
            self.valley = max(self.valley, ordered[: band.quantile].mean(axis=0).max())
            self.peak = max(self.peak, ordered[-band.quantile :].mean(axis=0).max())
