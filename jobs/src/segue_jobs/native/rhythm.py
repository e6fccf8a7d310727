"""What the onset envelope tells: tempo, how strong the beat is, how many onsets there are."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from segue_jobs.features.layout import HOP_LENGTH, SAMPLE_RATE
from segue_jobs.native.filters import Double, Single, hann

WINDOW = int(8.0 * SAMPLE_RATE // HOP_LENGTH)
"""Frames in the tempogram's window of eight seconds."""
_SHORT_FFT = 512
"""Long enough for the lags up to `_SHORT_FFT - WINDOW`, and these nearly always hold the tempo."""
_FULL_FFT = int(scipy.fft.next_fast_len(2 * WINDOW - 1, real=True))
_BATCH = 128
_START_BPM = 120.0
_MAXIMUM_BPM = 320.0
_TINY = np.finfo(np.float32).tiny
_DELTA = 0.07
_PRE_AVERAGE, _POST_AVERAGE = 4, 5
"""100 ms before and after, in frames, as ``librosa.onset.onset_detect`` rounds them."""


def mean_tempogram(envelope: Single, fft_length: int = _FULL_FFT) -> Double:
    """Mean over all frames of ``librosa.feature.tempogram``, (344,), or its beginning for a shorter transform.

    An autocorrelation is linear in its power spectrum, so the power spectra are summed and transformed back once.
    Each frame is scaled beforehand by its value at lag 0, which no other lag exceeds.
    """
    edge = WINDOW // 2
    padded = np.concatenate(
        [
            np.linspace(0, envelope[0], edge, endpoint=False, dtype=np.float32),
            envelope,
            np.linspace(0, envelope[-1], edge, endpoint=False, dtype=np.float32)[::-1],
        ]
    )
    frames = sliding_window_view(padded, WINDOW)[: len(envelope)]
    window = hann(WINDOW).astype(np.float32)
    power = np.zeros(fft_length // 2 + 1)
    for first in range(0, len(frames), _BATCH):
        windowed = frames[first : first + _BATCH] * window
        energy = np.einsum("ij,ij->i", windowed, windowed)
        windowed /= np.sqrt(np.where(energy < _TINY, 1, energy))[:, None]
        spectrum = scipy.fft.rfft(windowed, fft_length, axis=1).view(np.float32)
        power += np.einsum("ij,ij->j", spectrum, spectrum).reshape(-1, 2).sum(axis=1)
    exact = min(WINDOW, fft_length - WINDOW + 1)
    return np.asarray(scipy.fft.irfft(power, fft_length)[:exact] / len(frames), dtype=np.float64)


def tempo_lag(envelope: Single) -> int:
    """Lag of the tempo in frames: ``librosa.feature.tempo`` with its log-normal prior at 120 BPM."""
    scores = _scores(mean_tempogram(envelope, _SHORT_FFT))
    if scores.max() <= _highest_score(len(scores) + 1):
        scores = _scores(mean_tempogram(envelope))
    return 1 + int(np.argmax(scores))


def _scores(tempogram: Double) -> Double:
    lags = np.arange(1, len(tempogram))
    prior = np.where(lag_to_bpm(1) / lags < _MAXIMUM_BPM, _prior(lags), -np.inf)
    return np.asarray(np.log1p(1e6 * np.maximum(tempogram[1:], 0)) + prior, dtype=np.float64)


def _prior(lags: NDArray[np.int64] | int) -> Any:
    return -0.5 * np.log2(lag_to_bpm(1) / lags / _START_BPM) ** 2


def _highest_score(lag: int) -> float:
    """Score that a lag or a longer one can reach: no value of a tempogram is above 1."""
    return float(np.log1p(1e6) + _prior(lag))


def lag_to_bpm(lag: int) -> float:
    """Tempo of a lag in frames, beats a minute."""
    return 60.0 * SAMPLE_RATE / (HOP_LENGTH * lag)


def beat_strength(envelope: Single, lag: int) -> float:
    """Autocorrelation of the envelope at the lag over that at lag 0, its mean removed, within 0 to 1."""
    centred = envelope.astype(np.float64) - envelope.mean(dtype=np.float64)
    energy = float(centred @ centred)
    if lag >= len(centred) or energy <= 0:
        return 0.0
    return min(max(float(centred[lag:] @ centred[:-lag]) / energy, 0.0), 1.0)


def count_onsets(envelope: Single) -> int:
    """How many onsets ``librosa.onset.onset_detect`` finds with its defaults.

    An onset is no smaller than the frame before it, at least 0.07 above the mean of the nine frames around it, and
    does not follow another one directly.
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
