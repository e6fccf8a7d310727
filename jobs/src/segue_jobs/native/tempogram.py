"""The mean of a tempogram over all frames, without computing the tempogram.

Frame t of a tempogram is the autocorrelation of w[i] o[t+i], with the onset envelope o and a Hann window w, divided by
its value at lag 0, 1/c[t]. The mean over the frames is the sum over s of o[s] o[s+l] K[l, s] with

    K[l, s] = sum over i of c[s-i] w[i] w[i+l],   i from 0 to W-1-l.

The product of two Hann windows is a sum of three exponentials in i. So for each of them, K is a difference of two
prefix sums, and both parts of each difference are cross-correlations: twelve FFTs instead of two per frame.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from segue_core.features.layout import HOP_LENGTH, SAMPLE_RATE
from segue_jobs.native.filter_banks import Double, Single, hann
from segue_jobs.native.fourier import fft, ifft, irfft, next_fast_length, rfft

WINDOW = int(8.0 * SAMPLE_RATE // HOP_LENGTH)
"""Number of frames in the window of eight seconds."""
_PIECE = 4096
"""Number of frames summed at once, which bounds the memory."""
_BATCH = 128
_FFT_LENGTH = next_fast_length(2 * WINDOW - 1, real=True)
_TINY = float(np.finfo(np.float32).tiny)
_DIGITS = 1e10
"""If prefix sums exceed the mean weight by this factor, differences lose too many of float64's digits."""
_LAGS = np.arange(WINDOW)
_TURN = 2j * np.pi / WINDOW


def mean_tempogram(envelope: Single) -> Double:
    """Mean over all frames of ``librosa.feature.tempogram`` with its defaults, (344,)."""
    edge = WINDOW // 2
    ramp = np.arange(edge) / edge  # librosa pads with a ramp to 0
    padded = np.concatenate([ramp * envelope[0], envelope, (ramp * envelope[-1])[::-1]])
    total = np.zeros(WINDOW)
    for first in range(0, len(envelope), _PIECE):
        count = min(_PIECE, len(envelope) - first)
        total += _sum_of_frames(padded[first : first + count + WINDOW - 1], count)
    return total / len(envelope)


def _sum_of_frames(onsets: Double, count: int) -> Double:
    squared = onsets * onsets
    energy = np.correlate(squared, hann(WINDOW) ** 2, mode="valid")
    weights = np.where(energy < _TINY, 0.0, 1 / np.maximum(energy, _TINY))
    if float(squared.sum()) * float(weights.sum()) > _DIGITS * count:
        return _frame_by_frame(onsets, weights)
    return _by_prefix_sums(onsets, weights)


def _by_prefix_sums(onsets: Double, weights: Double) -> Double:
    length, count = len(onsets), len(weights)
    places = np.arange(length)
    orders = np.arange(3)[:, None]
    rotations = np.exp(_TURN * orders * places)
    sums = np.zeros((3, count + 1), np.complex128)
    np.cumsum(weights * np.conj(rotations[:, :count]), axis=1, out=sums[:, 1:])
    turned = onsets * rotations
    # o[s+l] meets o[s] e^{jms} D[s+1]; o[u] D[u-W+1] meets o[u-l] e^{jm(u-l)}.
    begun = turned * sums[:, np.minimum(places + 1, count)]
    ended = onsets * sums[:, np.clip(places - WINDOW + 1, 0, count)]
    size = next_fast_length(length + WINDOW)
    later = fft(onsets, size)
    spectrum = later * np.conj(fft(np.conj(begun), size))
    spectrum -= fft(ended, size) * np.conj(fft(np.conj(turned), size))
    plain, once, twice = ifft(spectrum)[:, :WINDOW]
    turn = np.exp(_TURN * _LAGS)
    result = (1 + 0.5 * turn.real) * plain.real - ((1 + turn) * once).real + 0.5 * (turn * twice).real
    return np.asarray(0.25 * result)


def _frame_by_frame(onsets: Double, weights: Double) -> Double:
    """For envelopes in which some frames are a million times fainter: their weights would swamp the others in a sum."""
    frames, window = sliding_window_view(onsets, WINDOW), hann(WINDOW)
    power = np.zeros(_FFT_LENGTH // 2 + 1)
    for first in range(0, len(frames), _BATCH):
        scale = np.sqrt(weights[first : first + _BATCH])
        part = frames[first : first + _BATCH]
        filled = np.zeros((len(part), _FFT_LENGTH))
        np.multiply(part, window * scale[:, None], out=filled[:, :WINDOW])
        spectrum = rfft(filled, axis=1)
        power += (spectrum.real**2 + spectrum.imag**2).sum(axis=0)
    return irfft(power, _FFT_LENGTH)[:WINDOW]
