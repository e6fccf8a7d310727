"""Windows, filter banks and transforms as librosa defines them: computed once, read-only."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from segue_core.features.layout import N_CONTRAST, N_FFT, N_MELS, N_MFCC, SAMPLE_RATE

BINS = N_FFT // 2 + 1
"""Number of frequency bins of a spectrum."""
BIN_HZ = SAMPLE_RATE / N_FFT
"""Distance between two bins, Hz."""

Single = NDArray[np.float32]
Double = NDArray[np.float64]

_MEL_LINEAR_HZ = 200 / 3
_MEL_BREAK_HZ = 1000.0
_MEL_LOG_STEP = np.log(6.4) / 27
_MELS_IN_GROUP = 16


def _mel_to_hz(mels: Double) -> Double:
    """Slaney's mel scale (Auditory Toolbox, 1998): linear up to 1 kHz, logarithmic above."""
    break_mel = _MEL_BREAK_HZ / _MEL_LINEAR_HZ
    logarithmic = _MEL_BREAK_HZ * np.exp(_MEL_LOG_STEP * (mels - break_mel))
    return np.where(mels < break_mel, mels * _MEL_LINEAR_HZ, logarithmic)


def _highest_mel() -> float:
    return float(_MEL_BREAK_HZ / _MEL_LINEAR_HZ + np.log(SAMPLE_RATE / 2 / _MEL_BREAK_HZ) / _MEL_LOG_STEP)


@lru_cache(maxsize=1)
def mel_filters() -> Single:
    """Triangular filters of equal area, shape (128, bins); ``librosa.filters.mel`` with its defaults."""
    edges = _mel_to_hz(np.linspace(0.0, _highest_mel(), N_MELS + 2))
    ramps = edges[:, None] - np.arange(BINS) * BIN_HZ
    widths = np.diff(edges)[:, None]
    triangles = np.maximum(0.0, np.minimum(-ramps[:-2] / widths[:-1], ramps[2:] / widths[1:]))
    area = 2.0 / (edges[2:] - edges[:-2])
    return np.asarray(triangles * area[:, None], dtype=np.float32)


@dataclass(frozen=True)
class MelGroup:
    """Neighbouring mel filters, and the short range of bins that they cover."""

    mels: slice
    bins: slice
    weights: Single
    """(filters, bins) of this group."""


@lru_cache(maxsize=1)
def mel_groups() -> tuple[MelGroup, ...]:
    """The mel filters as eight narrow matrices: an eighth of the work of the dense product."""
    filters = mel_filters()
    groups = []
    for first in range(0, N_MELS, _MELS_IN_GROUP):
        mels = slice(first, first + _MELS_IN_GROUP)
        touched = np.flatnonzero(filters[mels].any(axis=0))
        bins = slice(int(touched[0]), int(touched[-1]) + 1)
        groups.append(MelGroup(mels, bins, np.ascontiguousarray(filters[mels, bins])))
    return tuple(groups)


@lru_cache(maxsize=128)
def chroma_filters(tuning: float) -> Single:
    """Gaussian pitch-class filters, shape (12, bins), C first; ``librosa.filters.chroma`` with its defaults.

    `tuning` is the deviation from A440 in semitones.
    """
    frequencies = np.arange(1, N_FFT) * BIN_HZ
    reference = 440.0 * 2.0 ** (tuning / 12)
    pitches = 12 * np.log2(frequencies / (reference / 16))
    pitches = np.concatenate(([pitches[0] - 18], pitches))  # bin 0 goes 1.5 octaves below bin 1
    widths = np.concatenate((np.maximum(np.diff(pitches), 1.0), [1.0]))
    distances = np.remainder(pitches - np.arange(12.0)[:, None] + 6 + 120, 12) - 6
    weights = np.exp(-0.5 * (2 * distances / widths) ** 2)
    weights /= np.linalg.norm(weights, axis=0)
    weights *= np.exp(-0.5 * ((pitches / 12 - 5.0) / 2.0) ** 2)  # centred on the fifth octave, two octaves wide
    return np.ascontiguousarray(np.roll(weights, -3, axis=0)[:, :BINS], dtype=np.float32)


@lru_cache(maxsize=1)
def cosine_transform() -> Single:
    """Orthonormal DCT-II from mel bands to MFCC, shape (20, 128)."""
    angles = np.pi / N_MELS * np.arange(N_MFCC)[:, None] * (np.arange(N_MELS) + 0.5)
    transform = np.sqrt(2 / N_MELS) * np.cos(angles)
    transform[0] *= np.sqrt(0.5)
    return np.asarray(transform, dtype=np.float32)


@lru_cache(maxsize=1)
def tonnetz_transform() -> Single:
    """From chroma to (sin, cos) on the circles of fifths, minor and major thirds, shape (6, 12).

    Source: Harte, Sandler & Gasser, Detecting harmonic change in musical audio (2006).
    """
    turns = np.array([7 / 6, 7 / 6, 3 / 2, 3 / 2, 2 / 3, 2 / 3])[:, None] * np.arange(12.0)
    turns[::2] -= 0.5
    radii = np.array([1, 1, 1, 1, 0.5, 0.5])[:, None]
    return np.asarray(radii * np.cos(np.pi * turns), dtype=np.float32)


@lru_cache(maxsize=8)
def hann(length: int) -> Double:
    """Periodic Hann window."""
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length), dtype=np.float64)


@dataclass(frozen=True)
class ContrastBand:
    """An octave band of spectral contrast."""

    bins: slice
    quantile: int
    """How many of its lowest and of its highest bins to average."""


@lru_cache(maxsize=1)
def contrast_bands() -> tuple[ContrastBand, ...]:
    """The seven bands of librosa, each with the neighbouring bins that ``librosa.feature.spectral_contrast`` adds.

    The seventh is not a feature (see `layout.N_CONTRAST`), but its extremes count for the 80 dB range.
    """
    edges = np.concatenate(([0.0], 200.0 * 2.0 ** np.arange(N_CONTRAST + 1)))
    frequencies = np.arange(BINS) * BIN_HZ
    bands = []
    for index, (low, high) in enumerate(itertools.pairwise(edges)):
        inside = np.flatnonzero((frequencies >= low) & (frequencies <= high))
        first = int(inside[0]) - (1 if index > 0 else 0)
        last = BINS - 1 if index == N_CONTRAST else int(inside[-1])
        quantile = max(1, int(np.rint(0.02 * (last - first + 1))))
        # librosa drops the last bin of every band except the top one.
        bands.append(ContrastBand(slice(first, last + 1 if index == N_CONTRAST else last), quantile))
    return tuple(bands)
