"""The shape of each spectrum: centroid, bandwidth, rolloff and flatness.

All functions take the spectra of a block, (bins, frames), and return one number per frame.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segue_jobs.native.filter_banks import BIN_HZ, BINS, Single
from segue_jobs.native.framing import BLOCK_FRAMES
from segue_jobs.native.spectra import Spectra

_TINY = np.float32(1e-30)
_BIN_HZ = np.float32(BIN_HZ)
_RUN = 32
_RUNS = BINS // _RUN
_CUMULATE = np.tri(_RUN, dtype=np.float32)
"""Computes running sums as a matrix product: numpy's cumsum adds one number at a time."""
_COLUMNS = np.arange(BLOCK_FRAMES)
_POSITIONS = np.arange(BINS, dtype=np.float32)
_CANCELLED = np.float32(0.01)
"""If variance over squared centroid is smaller, the difference of moments has lost too many of float32's digits."""
_ROLL_PERCENT = np.float32(0.85)
_POWER_FLOOR = 1e-10
_FLOOR_NOTICED_BELOW = 1.0
_QUARTER = BINS // 4
_ONES = np.ones(BINS, np.float32)
_FLOOR_ROWS = np.full(_QUARTER * BLOCK_FRAMES, _POWER_FLOOR, np.float32)
"""The floor as an array: numpy vectorises only the maximum of two arrays."""
_FOLDABLE_POWER = 1e9
"""The product of four powers from the floor to this, scaled by `_FOLD_SCALE`, stays within float32's range."""
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
    """``librosa.feature.spectral_rolloff`` (85 %), Hz: finds the run of 32 bins, then the bin in it."""
    magnitude = spectra.magnitude
    count = magnitude.shape[1]
    runs = magnitude[: _RUNS * _RUN].reshape(_RUNS, _RUN, count)
    reached = _CUMULATE @ (_ONES[:_RUN] @ runs)
    threshold = _ROLL_PERCENT * (reached[-1] + magnitude[-1])
    run = np.minimum(_count_rows(reached < threshold), _RUNS - 1)
    columns = _COLUMNS[:count]
    inside = _CUMULATE @ runs[run, :, columns].T
    inside += np.where(run > 0, reached[run - 1, columns], 0)
    bins = run * _RUN + _count_rows(inside < threshold)
    return np.asarray(bins * BIN_HZ, dtype=np.float32)


def _count_rows(flags: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Number of True in each column of at most 255 rows: adding bytes is many times faster than adding integers."""
    counts: NDArray[np.uint8] = np.add.reduce(flags.view(np.uint8), axis=0, dtype=np.uint8)
    return counts.astype(np.intp)


def flatness(spectra: Spectra) -> Single:
    """``librosa.feature.spectral_flatness``: geometric over arithmetic mean of the powers, none below 1e-10.

    The logarithm of a product of four powers replaces four logarithms; sums are relative to each frame's first term, so
    that a flat spectrum, such as silence, loses no precision.
    """
    loudest = float(spectra.highest.max()) ** 2
    if loudest < _FOLDABLE_POWER:
        quarters = [spectra.power[start : start + _QUARTER] for start in range(0, 4 * _QUARTER, _QUARTER)]
        floor = _FLOOR_ROWS[: quarters[0].size].reshape(quarters[0].shape)
        product = np.maximum(quarters[0], floor)
        product *= _FOLD_SCALE
        floored = np.empty_like(product)
        for quarter in quarters[1:]:
            product *= np.maximum(quarter, floor, out=floored)
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
    """Sum of the powers, none below 1e-10; the floor matters only in faint frames."""
    if spectra.power_sum.min() > _FLOOR_NOTICED_BELOW:
        return spectra.power_sum
    return np.asarray(_ONES @ np.maximum(spectra.power, _POWER_FLOOR), dtype=np.float32)
