"""From samples to what a network hears: log-mel spectrograms of a few patches of a track."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import soxr
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from segue_core.features.layout import SAMPLE_RATE
from segue_jobs.learned.ear import Ear, InputOrder, Logarithm, MelScale

Samples = NDArray[np.float32]
_MARGIN_SECONDS = 0.02
"""Heard before and behind a patch, so that the resampler's ends lie outside of it."""
_BREAK_HZ = 1000.0
_LINEAR_HZ = 200 / 3
_LOG_STEP = np.log(6.4) / 27


def patch_places(ear: Ear, seconds: float) -> list[slice]:
    """Where the patches of a window lie, with their margins, in samples at the rate of the analysis.

    Parameters
    ----------
    seconds
        Length of the window; in one that is shorter than a patch, the only place is all of it.
    """
    length = round((ear.patch_seconds + 2 * _MARGIN_SECONDS) * SAMPLE_RATE)
    room = int(seconds * SAMPLE_RATE) - length
    if room <= 0:
        return [slice(0, length)]
    starts = [int(room * (place + 0.5) / ear.patches) for place in range(ear.patches)]
    return [slice(start, start + length) for start in starts]


def to_patches(ear: Ear, pieces: Sequence[Samples]) -> NDArray[np.float32]:
    """The network's input, one patch for each piece of `patch_places`; a short piece is repeated until it suffices.

    Returns
    -------
    (patches, frames, mels), or (patches, mels, frames) if the ear wants it so.
    """
    patches = np.stack([_log_mel(ear, _samples(ear, piece)) for piece in pieces])
    return patches if ear.input_order is InputOrder.FRAMES_MELS else np.ascontiguousarray(patches.transpose(0, 2, 1))


def _samples(ear: Ear, piece: Samples) -> Samples:
    resampled = piece if ear.sample_rate == SAMPLE_RATE else soxr.resample(piece, SAMPLE_RATE, ear.sample_rate, "HQ")
    margin = round(_MARGIN_SECONDS * ear.sample_rate)
    patch = resampled[margin : margin + ear.patch_samples]
    return patch if len(patch) == ear.patch_samples else np.resize(resampled, ear.patch_samples)


def _log_mel(ear: Ear, samples: Samples) -> NDArray[np.float32]:
    frames = sliding_window_view(samples, ear.frame)[:: ear.hop] * _window(ear.frame)
    spectrum = np.abs(np.fft.rfft(frames, axis=1)) ** ear.power
    mel = spectrum @ _mel_filters(ear).T
    logarithm = np.log10 if ear.logarithm is Logarithm.TEN else np.log
    return np.asarray(logarithm(ear.offset + ear.gain * mel), dtype=np.float32)


@lru_cache(maxsize=4)
def _window(length: int) -> NDArray[np.float64]:
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length))


@lru_cache(maxsize=4)
def _mel_filters(ear: Ear) -> NDArray[np.float64]:
    """Triangular filters, (mels, bins)."""
    is_slaney = ear.mel_scale is MelScale.SLANEY
    to_mel, to_hz = (_to_slaney, _from_slaney) if is_slaney else (_to_htk, _from_htk)
    ends = to_mel(np.array([ear.lowest_hz, ear.top_hz]))
    edges = to_hz(np.linspace(ends[0], ends[1], ear.mels + 2))
    ramps = edges[:, None] - np.fft.rfftfreq(ear.frame, 1 / ear.sample_rate)
    widths = np.diff(edges)[:, None]
    triangles = np.maximum(0.0, np.minimum(-ramps[:-2] / widths[:-1], ramps[2:] / widths[1:]))
    area = 2.0 / (edges[2:] - edges[:-2]) if is_slaney else np.ones(ear.mels)
    return np.asarray(triangles * area[:, None])


def _to_slaney(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Slaney's mel scale (Auditory Toolbox, 1998): linear up to 1 kHz, logarithmic above."""
    logarithmic = _BREAK_HZ / _LINEAR_HZ + np.log(np.maximum(hz, _BREAK_HZ) / _BREAK_HZ) / _LOG_STEP
    return np.where(hz < _BREAK_HZ, hz / _LINEAR_HZ, logarithmic)


def _from_slaney(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    at_break = _BREAK_HZ / _LINEAR_HZ
    logarithmic = _BREAK_HZ * np.exp(_LOG_STEP * (mels - at_break))
    return np.where(mels < at_break, mels * _LINEAR_HZ, logarithmic)


def _to_htk(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """The scale of the Hidden Markov Model Toolkit."""
    return np.asarray(2595.0 * np.log10(1.0 + hz / 700.0))


def _from_htk(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(700.0 * (10.0 ** (mels / 2595.0) - 1.0))
