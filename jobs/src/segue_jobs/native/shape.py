"""The shape of each spectrum: centroid, bandwidth, rolloff, flatness and the extremes of spectral contrast.

All take spectra of a block, (bins, frames), and give one number or a few a frame.
"""

from __future__ import annotations

import numpy as np

from segue_jobs.features.layout import N_CONTRAST
from segue_jobs.native.filters import BIN_HZ, BINS, Single, contrast_bands
from segue_jobs.native.spectra import LOW_BINS, Spectra

_TINY = np.float32(1e-30)
_RUN = 32
_RUNS = BINS // _RUN
_POSITIONS = np.arange(BINS, dtype=np.float32)
_MOMENTS = np.stack([np.ones(BINS), _POSITIONS, _POSITIONS * _POSITIONS]).astype(np.float32)
_CANCELLED = np.float32(0.01)
"""Below this ratio of variance to squared centroid the moments' difference has lost too many of float32's digits."""
_ROLL_PERCENT = np.float32(0.85)
_POWER_FLOOR = np.float32(1e-10)
_QUARTER = BINS // 4
_ONES = np.ones(BINS, np.float32)
_FOLDABLE_POWER = 1e9
"""Four powers between the floor and this multiply without leaving float32's range, once scaled by `_FOLD_SCALE`."""
_FOLD_SCALE = np.float32(200.0)


def centroid_and_bandwidth(spectra: Spectra) -> tuple[Single, Single]:
    """``librosa.feature.spectral_centroid`` and ``spectral_bandwidth``, Hz: both from three sums over the bins."""
    total, first, second = _MOMENTS @ spectra.magnitude
    np.maximum(total, _TINY, out=total)
    centroid = first / total
    squared = centroid * centroid
    variance = second / total - squared
    cancelled = np.flatnonzero(variance < _CANCELLED * squared)
    if len(cancelled):
        deviation = _POSITIONS[:, None] - centroid[cancelled]
        variance[cancelled] = (deviation * deviation * spectra.magnitude[:, cancelled]).sum(axis=0) / total[cancelled]
    bandwidth = np.sqrt(np.maximum(variance, 0))
    return centroid * np.float32(BIN_HZ), bandwidth * np.float32(BIN_HZ)


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
    powers = np.maximum(spectra.power, _POWER_FLOOR)
    if float(np.maximum(spectra.low_peak, spectra.high_peak).max()) ** 2 < _FOLDABLE_POWER:
        product = powers[:_QUARTER] * powers[_QUARTER : 2 * _QUARTER]
        product *= _FOLD_SCALE
        product *= powers[2 * _QUARTER : 3 * _QUARTER]
        product *= powers[3 * _QUARTER : 4 * _QUARTER]
        logarithms = np.log(product, out=product)
        rest = np.log(powers[4 * _QUARTER :]).sum(axis=0, dtype=np.float64) - _QUARTER * np.log(float(_FOLD_SCALE))
    else:
        logarithms = np.log(powers)
        rest = np.zeros(powers.shape[1])
    first = logarithms[0].copy()
    logarithms -= first
    total = _ONES[: len(logarithms)] @ logarithms + rest + len(logarithms) * first.astype(np.float64)
    return np.asarray(np.exp(total / BINS) / (_ONES @ powers) * BINS, dtype=np.float32)


def contrast_extremes(spectra: Spectra, valleys: Single, peaks: Single) -> None:
    """Write the means of the quietest and of the loudest bins of bands 0 to 5, both (6, frames)."""
    for index, band in enumerate(contrast_bands()[:N_CONTRAST]):
        if band.quantile == 1:
            np.min(spectra.magnitude[band.bins], axis=0, out=valleys[index])
            np.max(spectra.magnitude[band.bins], axis=0, out=peaks[index])
            continue
        # numpy's sort of short rows is vectorised, its partition is not.
        ordered = np.sort(np.ascontiguousarray(spectra.magnitude[band.bins].T), axis=1)
        np.mean(ordered[:, : band.quantile], axis=1, out=valleys[index])
        np.mean(ordered[:, -band.quantile :], axis=1, out=peaks[index])


class TopBand:
    """The largest valley and the largest peak of contrast band 6 over a track.

    Band 6 is no feature, but ``power_to_db`` limits the range of all bands to 80 dB below the largest one. Nearly
    always a bound shows that band 6 is not the largest, and its 431 bins need no sorting.
    """

    def __init__(self) -> None:
        self.valley = np.float32(0)
        self.peak = np.float32(0)

    def update(self, spectra: Spectra, valleys: Single, peaks: Single) -> None:
        """Take a block into account, given its extremes in the other bands."""
        self.valley = max(self.valley, valleys.max())
        self.peak = max(self.peak, peaks.max())
        band = contrast_bands()[N_CONTRAST]
        mean = _ONES[: BINS - LOW_BINS] @ spectra.magnitude[band.bins] / np.float32(BINS - LOW_BINS)
        columns = np.flatnonzero((mean > self.valley) | (spectra.high_peak > self.peak))
        if len(columns):
            ordered = np.sort(spectra.magnitude[band.bins, columns], axis=0)
            self.valley = max(self.valley, ordered[: band.quantile].mean(axis=0).max())
            self.peak = max(self.peak, ordered[-band.quantile :].mean(axis=0).max())
