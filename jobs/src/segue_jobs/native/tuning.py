"""How far a recording's tuning is from A440, estimated as in librosa, but only at the peaks of the spectra."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segue_core.features.layout import N_FFT, SAMPLE_RATE
from segue_jobs.native.filter_banks import BIN_HZ, Single
from segue_jobs.native.spectra import Spectra

_LOWEST_BIN = int(np.ceil(150.0 / BIN_HZ))
_HIGHEST_BIN = int(np.ceil(4000.0 / BIN_HZ)) - 1
_THRESHOLD = np.float32(0.1)
_EDGES = np.linspace(-0.5, 0.5, 101)
"""Edges of the histogram of deviations, semitones."""


class TuningEstimate:
    """Collects the spectral peaks of a track, as ``librosa.piptrack`` and ``pitch_tuning`` with their defaults.

    Only peaks whose magnitude is at least the median of all count; which ones these are is known only at the end.
    """

    def __init__(self) -> None:
        self._pitches: list[Single] = []
        self._magnitudes: list[Single] = []

    def update(self, spectra: Spectra) -> None:
        """Add the peaks of a block."""
        power = spectra.power
        loud = power[_LOWEST_BIN : _HIGHEST_BIN + 1] > _THRESHOLD * (spectra.highest * spectra.highest)
        count = power.shape[1]
        flat = power.reshape(-1)
        places = np.flatnonzero(loud) + _LOWEST_BIN * count
        peak = flat.take(places)
        is_peak = peak > flat.take(places - count)
        is_peak &= peak >= flat.take(places + count)
        places = places[is_peak]
        below, peak, above = flat.take(places - count), peak[is_peak], flat.take(places + count)
        # Parabola through the three points (J. O. Smith, Spectral Audio Signal Processing, 2011).
        slope = (above - below) / np.float32(2)
        curvature = above + below - np.float32(2) * peak
        bent = np.abs(slope) < np.abs(curvature)
        shift = np.where(bent, -slope / np.where(bent, curvature, np.float32(1)), np.float32(0))
        # As in librosa: integers and float32 give float64 here, and the result is kept in float32.
        pitches = (places // count + shift) * float(SAMPLE_RATE) / N_FFT
        self._pitches.append(pitches.astype(np.float32))
        self._magnitudes.append(peak + np.float32(0.5) * slope * shift)

    def histogram(self) -> NDArray[np.int64]:
        """Number of louder peaks at each hundredth of a semitone, (100,)."""
        magnitudes = np.concatenate(self._magnitudes) if self._magnitudes else np.zeros(0, np.float32)
        if not len(magnitudes):
            return np.zeros(len(_EDGES) - 1, np.int64)
        loud = np.concatenate(self._pitches)[magnitudes >= _median(magnitudes)]
        residual = np.mod(np.float32(12) * np.log2(loud / np.float32(440.0 / 16)), np.float32(1))
        residual[residual >= 0.5] -= 1
        return np.asarray(np.histogram(residual, _EDGES)[0], dtype=np.int64)

    def candidates(self, count: int) -> list[float]:
        """The most frequent deviations so far, in semitones."""
        order = np.argsort(-self.histogram(), kind="stable")
        return [float(_EDGES[index]) for index in order[:count]]

    def result(self) -> float:
        """The estimate in semitones, in [-0.5, 0.5); 0 if there are no peaks."""
        histogram = self.histogram()
        return float(_EDGES[np.argmax(histogram)]) if histogram.any() else 0.0


def _median(values: Single) -> np.float32:
    """``np.median`` without loading numpy's masked arrays."""
    upper = len(values) // 2
    lower = upper - 1 + len(values) % 2
    ordered = np.partition(values, (lower, upper))
    return np.mean(ordered[lower : upper + 1], dtype=np.float32)
