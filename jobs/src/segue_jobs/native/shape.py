"""The shape of each spectrum: centroid, bandwidth, rolloff, flatness and the extremes of spectral contrast.

All take spectra of a block, (bins, frames), and give one number or a few a frame.
"""

from __future__ import annotations

import numpy as np

from segue_jobs.features.layout import N_CONTRAST
from segue_jobs.native.filters import BIN_HZ, BINS, Single, contrast_bands
from segue_jobs.native.spectra import LOW_BINS, Spectra

_TINY = np.float32(1e-30)
_BIN_HZ = np.float32(BIN_HZ)
_RUN = 32
_RUNS = BINS // _RUN
_POSITIONS = np.arange(BINS, dtype=np.float32)
_CANCELLED = np.float32(0.01)
"""Below this ratio of variance to squared centroid the moments' difference has lost too many of float32's digits."""
_ROLL_PERCENT = np.float32(0.85)
_POWER_FLOOR = np.float32(1e-10)
_FLOOR_NOTICED_BELOW = 1.0
_QUARTER = BINS // 4
_ONES = np.ones(BINS, np.float32)
_FOLDABLE_POWER = 1e9
"""Four powers between the floor and this multiply without leaving float32's range, once scaled by `_FOLD_SCALE`."""
_FOLD_SCALE = np.float32(200.0)


def centroid_and_bandwidth(spectra: Spectra) -> tuple[Single, Single]:
    """``librosa.feature.spectral_centroid`` and ``spectral_bandwidth``, Hz: both from three sums over the bins."""
    total = np.maximum(spectra.sum, _TINY)
    centroid = spectra.first_moment / total
    squared = centroid * centroid
    variance = spectra.second_moment / total - squared
    cancelled = np.flatnonzero(variance < _CANCELLED * squared)
    if len(cancelled):
        deviation = _POSITIONS[:, None] - centroid[cancelled]
        variance[cancelled] = (deviation * deviation * spectra.magnitude[:, cancelled]).sum(axis=0) / total[cancelled]
    bandwidth = np.sqrt(np.maximum(variance, 0))
    return np.multiply(centroid, _BIN_HZ), np.multiply(bandwidth, _BIN_HZ)


def rolloff(spectra: Spectra) -> Single:
    """``librosa.feature.spectral_rolloff`` (85 %), Hz: the run of 32 bins first, then the bin in it."""
    magnitude = spectra.magnitude
    count = magnitude.shape[1]
    runs = magnitude[: _RUNS * _RUN].reshape(_RUNS, _RUN, count)
    reached = np.cumsum(runs.sum(axis=1), axis=0)
    threshold = _ROLL_PERCENT * (reached[-1] + magnitude[-1])
    run = np.minimum((reached < threshold).sum(axis=0), _RUNS - 1)
    columns = np.arange(count)
    inside = np.cumsum(runs[run, :, columns], axis=1)
    inside += np.where(run > 0, reached[run - 1, columns], 0)[:, None]
    bins = run * _RUN + (inside < threshold[:, None]).sum(axis=1)
    return np.asarray(bins * BIN_HZ, dtype=np.float32)


def flatness(spectra: Spectra) -> Single:
    """``librosa.feature.spectral_flatness``: geometric over arithmetic mean of the powers, none below 1e-10.

    A logarithm of a product of four powers replaces four logarithms; the sums start from each frame's first term, so
    that an even spectrum, such as silence, loses nothing.
    """
    loudest = float(np.maximum(spectra.low_peak, spectra.high_peak).max()) ** 2
    if loudest < _FOLDABLE_POWER:
        product = np.maximum(spectra.power[:_QUARTER], _POWER_FLOOR)
        product *= _FOLD_SCALE
        for start in range(_QUARTER, 4 * _QUARTER, _QUARTER):
            product *= np.maximum(spectra.power[start : start + _QUARTER], _POWER_FLOOR)
        logarithms = np.log(product, out=product)
        last = np.log(np.maximum(spectra.power[4 * _QUARTER :], _POWER_FLOOR)).sum(axis=0, dtype=np.float64)
        rest = last - _QUARTER * np.log(float(_FOLD_SCALE))
    else:
        logarithms, rest = np.log(np.maximum(spectra.power, _POWER_FLOOR)), np.float64(0)
    first = logarithms[0].copy()
    logarithms -= first
    total = _ONES[: len(logarithms)] @ logarithms + rest + len(logarithms) * first.astype(np.float64)
    return np.asarray(np.exp(total / BINS) / _floored_sum(spectra) * BINS, dtype=np.float32)


def _floored_sum(spectra: Spectra) -> Single:
    """Sum of the powers, none below 1e-10: the floor is noticed in faint frames only."""
    if spectra.power_sum.min() > _FLOOR_NOTICED_BELOW:
        return spectra.power_sum
    return np.asarray(_ONES @ np.maximum(spectra.power, _POWER_FLOOR), dtype=np.float32)


class ContrastExtremes:
    """Means of the quietest and of the loudest bins of the contrast bands, block by block.

    Band 6 is no feature, but ``power_to_db`` limits the range of all bands to 80 dB below the largest one. Nearly
    always a bound shows that band 6 is not the largest, and its 431 bins need no sorting.
    """

    def __init__(self) -> None:
        self.largest_valley = np.float32(0)
        """Over all bands and frames so far."""
        self.largest_peak = np.float32(0)
        self._bands = contrast_bands()[:N_CONTRAST]
        self._top = contrast_bands()[N_CONTRAST]
        self._sorted = [index for index, band in enumerate(self._bands) if band.quantile > 1]
        self._first_bin = self._bands[self._sorted[0]].bins.start
        self._pick = self._selection()

    def _selection(self) -> Single:
        """Weights that turn a row of sorted bands into the valleys and the peaks of these bands."""
        pick = np.zeros((LOW_BINS - self._first_bin, 2 * len(self._sorted)), np.float32)
        for column, index in enumerate(self._sorted):
            band = self._bands[index]
            start, stop = band.bins.start - self._first_bin, band.bins.stop - self._first_bin
            pick[start : start + band.quantile, column] = 1 / band.quantile
            pick[stop - band.quantile : stop, len(self._sorted) + column] = 1 / band.quantile
        return pick

    def update(self, spectra: Spectra, valleys: Single, peaks: Single) -> None:
        """Write the extremes of a block, both (6, frames)."""
        # numpy's sort of short rows is vectorised, its partition is not.
        rows = spectra.magnitude[self._first_bin : LOW_BINS].T.copy()
        for index, band in enumerate(self._bands):
            if band.quantile > 1:
                rows[:, band.bins.start - self._first_bin : band.bins.stop - self._first_bin].sort(axis=1)
            else:
                np.minimum.reduce(spectra.magnitude[band.bins], axis=0, out=valleys[index])
                np.maximum.reduce(spectra.magnitude[band.bins], axis=0, out=peaks[index])
        picked = (rows @ self._pick).T
        valleys[self._sorted] = picked[: len(self._sorted)]
        peaks[self._sorted] = picked[len(self._sorted) :]
        self.largest_valley = max(self.largest_valley, valleys.max())
        self.largest_peak = max(self.largest_peak, peaks.max())
        self._regard_top_band(spectra)

    def _regard_top_band(self, spectra: Spectra) -> None:
        width = BINS - LOW_BINS
        mean = spectra.high_sum / np.float32(width)
        columns = np.flatnonzero((mean > self.largest_valley) | (spectra.high_peak > self.largest_peak))
        if len(columns):
            ordered = np.sort(spectra.magnitude[self._top.bins, columns], axis=0)
            self.largest_valley = max(self.largest_valley, ordered[: self._top.quantile].mean(axis=0).max())
            self.largest_peak = max(self.largest_peak, ordered[-self._top.quantile :].mean(axis=0).max())
