"""Tempo, beat strength and number of onsets, from the onset envelope."""

from __future__ import annotations

import numpy as np

from segue_core.features.layout import HOP_LENGTH, SAMPLE_RATE
from segue_jobs.native.filter_banks import Single
from segue_jobs.native.tempogram import WINDOW, mean_tempogram

_START_BPM = 120.0
_MAXIMUM_BPM = 320.0
_TINY = np.finfo(np.float32).tiny
_DELTA = 0.07
_PRE_AVERAGE, _POST_AVERAGE = 4, 5
"""100 ms before and after, in frames, rounded as in ``librosa.onset.onset_detect``."""


def tempo_lag(envelope: Single) -> int:
    """Lag of the tempo in frames, as ``librosa.feature.tempo`` with its log-normal prior at 120 BPM."""
    lags = np.arange(1, WINDOW)
    bpm = lag_to_bpm(1) / lags
    prior = np.where(bpm < _MAXIMUM_BPM, -0.5 * np.log2(bpm / _START_BPM) ** 2, -np.inf)
    return 1 + int(np.argmax(np.log1p(1e6 * np.maximum(mean_tempogram(envelope)[1:], 0)) + prior))


def lag_to_bpm(lag: int) -> float:
    """Tempo in beats per minute for a lag in frames."""
    return 60.0 * SAMPLE_RATE / (HOP_LENGTH * lag)


def beat_strength(envelope: Single, lag: int) -> float:
    """Autocorrelation of the envelope without its mean at the lag, divided by that at lag 0; from 0 to 1."""
    centred = envelope.astype(np.float64) - envelope.mean(dtype=np.float64)
    energy = float(centred @ centred)
    if lag >= len(centred) or energy <= 0:
        return 0.0
    return min(max(float(centred[lag:] @ centred[:-lag]) / energy, 0.0), 1.0)


def count_onsets(envelope: Single) -> int:
    """How many onsets ``librosa.onset.onset_detect`` finds with its defaults.

    An onset is at least as large as the frame before it, at least 0.07 above the mean of the nine frames around it, and
    does not directly follow another onset.
    """
    scaled = envelope - envelope.min()
    scaled /= scaled.max() + _TINY
    if not scaled.any():
        return 0
    sums = np.concatenate(([0.0], np.cumsum(scaled, dtype=np.float64)))
    frames = np.arange(len(scaled))
    first = np.maximum(frames - _PRE_AVERAGE, 0)
    last = np.minimum(frames + _POST_AVERAGE, len(scaled))
    mean = (sums[last] - sums[first]) / (last - first)
    peaks = scaled >= mean + _DELTA
    peaks[1:] &= scaled[1:] >= scaled[:-1]
    count, free = 0, 0
    for frame in np.flatnonzero(peaks).tolist():
        if frame >= free:
            count += 1
            free = frame + 2
    return count
