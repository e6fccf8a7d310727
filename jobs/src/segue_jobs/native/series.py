"""What is kept of every frame until the end of the track: mel powers, contrast extremes, four shape values."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from segue_core.features.layout import N_CONTRAST, N_MELS
from segue_jobs.native.arithmetic import at_least
from segue_jobs.native.contrast import LargestExtremes
from segue_jobs.native.filter_banks import Single, mel_groups
from segue_jobs.native.framing import BLOCK_FRAMES
from segue_jobs.native.shape import centroid_and_bandwidth, flatness, rolloff
from segue_jobs.native.spectra import Spectra

_SHEET_BLOCKS = 7
_AMIN = 1e-10
_RANGE = 1e-8
"""80 dB."""
_DECIBELS = np.float32(10 / np.log(10))
SHAPES = 4
"""Centroid, bandwidth, rolloff, flatness."""


class Sheet:
    """The frames of seven blocks; a long track has many sheets, so that nothing is copied when it grows."""

    def __init__(self) -> None:
        frames = _SHEET_BLOCKS * BLOCK_FRAMES
        self._mel = np.empty((N_MELS, frames), np.float32)
        self._valleys = np.empty((N_CONTRAST, frames), np.float32)
        self._peaks = np.empty((N_CONTRAST, frames), np.float32)
        self._shapes = np.empty((SHAPES, frames), np.float32)
        self._used = 0

    @property
    def full(self) -> bool:
        """Whether there is no room for another block."""
        return self._used + BLOCK_FRAMES > self._mel.shape[1]

    @property
    def mel(self) -> Single:
        """Mel powers, (128, frames)."""
        return self._mel[:, : self._used]

    @property
    def valleys(self) -> Single:
        """Means of the quietest bins of each contrast band, (6, frames)."""
        return self._valleys[:, : self._used]

    @property
    def peaks(self) -> Single:
        """Means of the loudest bins of each contrast band, (6, frames)."""
        return self._peaks[:, : self._used]

    @property
    def shapes(self) -> Single:
        """Centroid, bandwidth and rolloff in Hz and flatness, (4, frames)."""
        return self._shapes[:, : self._used]

    def append(self, spectra: Spectra, largest: LargestExtremes) -> None:
        """Store what is kept of a block."""
        columns = slice(self._used, self._used + spectra.power.shape[1])
        for group in mel_groups():
            np.matmul(group.weights, spectra.power[group.bins], out=self._mel[group.mels, columns])
        self._valleys[:, columns] = spectra.extremes.valleys
        self._peaks[:, columns] = spectra.extremes.peaks
        largest.update(spectra.magnitude, spectra.extremes, spectra.high_sum, spectra.high_peak)
        shapes = self._shapes[:, columns]
        shapes[0], shapes[1] = centroid_and_bandwidth(spectra)
        shapes[2] = rolloff(spectra)
        shapes[3] = flatness(spectra)
        self._used = columns.stop


class FrameSeries:
    """The sheets of a track."""

    def __init__(self) -> None:
        self._sheets: list[Sheet] = []
        self._largest = LargestExtremes()

    def append(self, spectra: Spectra) -> None:
        """Add a block."""
        if not self._sheets or self._sheets[-1].full:
            self._sheets.append(Sheet())
        self._sheets[-1].append(spectra, self._largest)

    def mel_db(self) -> Iterator[Single]:
        """Mel spectrogram in dB, at most 80 dB below the track's loudest value; (128, frames) per sheet, in place."""
        loudest = max(float(sheet.mel.max()) for sheet in self._sheets)
        for sheet in self._sheets:
            yield _to_db(sheet.mel, loudest)

    def contrast(self) -> Iterator[Single]:
        """Spectral contrast in dB, (6, frames) per sheet, in place."""
        for sheet in self._sheets:
            peaks = _to_db(sheet.peaks, float(self._largest.peak))
            peaks -= _to_db(sheet.valleys, float(self._largest.valley))
            yield peaks

    def shapes(self) -> Iterator[Single]:
        """Centroid, bandwidth and rolloff in Hz, and flatness, (4, frames) per sheet."""
        for sheet in self._sheets:
            yield sheet.shapes


def _to_db(values: Single, loudest: float) -> Single:
    """``librosa.power_to_db`` in place; the range is limited before taking the logarithm."""
    at_least(values, max(_AMIN, loudest * _RANGE), values)
    np.log(values, out=values)  # several times as fast as log10
    values *= _DECIBELS
    return values
