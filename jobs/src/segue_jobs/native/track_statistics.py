"""Computes the statistics of a whole track from its frames."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from segue_core.features.layout import HOP_LENGTH, N_CONTRAST, N_DELTA_MFCC, N_FFT, N_MELS, N_MFCC
from segue_jobs.native.arithmetic import at_least
from segue_jobs.native.filter_banks import Double, Single, cosine_transform
from segue_jobs.native.moments import Moments
from segue_jobs.native.series import SHAPES

_DELTA_REACH = 4
"""Frames on either side of ``librosa.feature.delta``'s window of nine."""
_ONSET_SHIFT = 1 + N_FFT // (2 * HOP_LENGTH)
"""Frames by which librosa delays the onset envelope: its lag and half a window."""
_LOWEST_RMS = np.float32(1e-5)


@dataclass(frozen=True)
class MelSummary:
    """Statistics of the mel spectrogram in dB."""

    mel_mean: Double
    """(128,)"""
    mel_std: Double
    mfcc_mean: Double
    """(20,)"""
    mfcc_std: Double
    delta_std: Double
    """(13,)"""
    onset_envelope: Single
    """(frames,)"""


def summarise_mel(pieces: Iterable[Single], frames: int) -> MelSummary:
    """Statistics of the mel bands, MFCC and their deltas, and the onset envelope, piece by piece.

    The first piece's mean is subtracted from all pieces, so that small differences keep their digits.
    """
    transform = cosine_transform()
    mel, mfcc, slopes = Moments(N_MELS), Moments(N_MFCC), DeltaMoments(N_DELTA_MFCC)
    envelope = np.zeros(frames, np.float32)
    position, last = _ONSET_SHIFT, np.zeros((N_MELS, 0), np.float32)
    centre = np.zeros((N_MELS, 1), np.float32)
    for index, piece in enumerate(pieces):
        if index == 0:
            centre = piece.mean(axis=1, keepdims=True)
        centred = np.subtract(piece, centre, out=piece)
        mel.update(centred)
        coefficients = transform @ centred
        mfcc.update(coefficients)
        slopes.update(coefficients[:N_DELTA_MFCC])
        for earlier, later in ((last, centred[:, : last.shape[1]]), (centred[:, :-1], centred[:, 1:])):
            rise = later - earlier
            flux = at_least(rise, 0.0, rise).mean(axis=0)[: max(0, frames - position)]
            envelope[position : position + len(flux)] = flux
            position += len(flux)
        last = centred[:, -1:]  # a view is safe: nothing writes to the sheet any more
    mel_mean = mel.mean + centre[:, 0]
    return MelSummary(
        mel_mean, mel.std, transform.astype(np.float64) @ mel_mean, mfcc.std, slopes.finish().std, envelope
    )


class DeltaMoments:
    """Moments of ``librosa.feature.delta`` (width 9): the slope of a line through nine frames.

    Source: Savitzky & Golay (1964), first order; the first and the last four frames have the slope of the first and the
    last full window, as with scipy's ``mode="interp"``.
    """

    def __init__(self, rows: int) -> None:
        self._moments = Moments(rows)
        self._tail = np.zeros((rows, 0), np.float32)
        self._last: Single | None = None

    def update(self, piece: Single) -> None:
        """Add the next frames, (rows, frames)."""
        joined = np.concatenate([self._tail, piece], axis=1)
        centres = joined.shape[1] - 2 * _DELTA_REACH
        self._tail = joined[:, -2 * _DELTA_REACH :].copy()
        if centres <= 0:
            return
        slope = np.zeros((len(joined), centres), np.float32)
        for reach in range(1, _DELTA_REACH + 1):
            late = joined[:, _DELTA_REACH + reach : _DELTA_REACH + reach + centres]
            early = joined[:, _DELTA_REACH - reach : _DELTA_REACH - reach + centres]
            slope += np.float32(reach / 60) * (late - early)
        if self._last is None:
            self._moments.update(np.repeat(slope[:, :1], _DELTA_REACH, axis=1))
        self._moments.update(slope)
        self._last = slope[:, -1:]

    def finish(self) -> Moments:
        """Moments over all frames; zeros for fewer than nine."""
        if self._last is not None:
            self._moments.update(np.repeat(self._last, _DELTA_REACH, axis=1))
            self._last = None
        return self._moments


def moments_of(pieces: Iterable[Single], rows: int) -> Moments:
    """Moments of all pieces together."""
    moments = Moments(rows)
    for piece in pieces:
        moments.update(piece)
    return moments


def contrast_moments(pieces: Iterable[Single]) -> Moments:
    """Moments of the contrast bands."""
    return moments_of(pieces, N_CONTRAST)


def shape_moments(pieces: Iterable[Single]) -> Moments:
    """Moments of centroid, bandwidth, rolloff and flatness."""
    return moments_of(pieces, SHAPES)


@dataclass(frozen=True)
class Level:
    """Loudness over the frames, dB below full scale."""

    mean: float
    std: float
    low: float
    """5th percentile."""
    high: float
    """95th percentile."""


def summarise_level(rms: Single) -> Level:
    """Statistics of the level of each frame."""
    level = (np.float32(20) * np.log10(np.maximum(rms, _LOWEST_RMS))).astype(np.float64)
    level.sort()
    return Level(float(level.mean()), float(level.std()), _quantile(level, 0.05), _quantile(level, 0.95))


def _quantile(ordered: Double, share: float) -> float:
    """Quantile of ordered values, with linear interpolation."""
    place = share * (len(ordered) - 1)
    index = min(int(place), len(ordered) - 1)
    following = min(index + 1, len(ordered) - 1)
    return float(ordered[index] + (place - index) * (ordered[following] - ordered[index]))
