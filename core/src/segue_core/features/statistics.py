"""Statistics over a track's frames: what an engine computes and the families are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class FrameStatistics:
    """Means and deviations (population, ``ddof=0``) over the frames of the analysed window.

    Frames are librosa's: `layout.N_FFT` samples with a periodic Hann window, every `layout.HOP_LENGTH` samples,
    centred with zero padding. Levels are in dB; frequencies in Hz.
    """

    seconds: float
    """Length of the analysed window."""
    mfcc_mean: Array
    """(20,) of ``librosa.feature.mfcc``: power mel spectrogram, dB with ``ref=1`` and ``top_db=80``, DCT-II."""
    mfcc_std: Array
    """(20,)"""
    delta_mfcc_std: Array
    """(13,) of ``librosa.feature.delta`` (width 9) of the first 13 coefficients; 0 for fewer than 9 frames."""
    mel_db_mean: Array
    """(128,) of the mel spectrogram in dB."""
    mel_db_std: Array
    """(128,)"""
    contrast_mean: Array
    """(6,) of ``librosa.feature.spectral_contrast``, dB; see `layout.N_CONTRAST`."""
    contrast_std: Array
    """(6,)"""
    centroid_mean: float
    centroid_std: float
    bandwidth_mean: float
    bandwidth_std: float
    rolloff_mean: float
    """Of ``librosa.feature.spectral_rolloff`` (85 % of the magnitude)."""
    rolloff_std: float
    flatness_mean: float
    """Of ``librosa.feature.spectral_flatness`` (power 2, ``amin=1e-10``)."""
    flatness_std: float
    zcr_mean: float
    """Of ``librosa.feature.zero_crossing_rate``, crossings a sample."""
    zcr_std: float
    rms_db_mean: float
    """Of ``20*log10(max(rms, 1e-5))``, dB below full scale; rms from ``librosa.feature.rms`` on the samples."""
    rms_db_std: float
    rms_db_low: float
    """5th percentile (linear interpolation) of the same."""
    rms_db_high: float
    """95th percentile."""
    chroma_mean: Array
    """(12,) of ``librosa.feature.chroma_stft``: power spectrogram, tuning estimated, ``norm=inf``; bin 0 is C."""
    tonnetz_radius_mean: Array
    """(3,) length of the (sin, cos) pairs of ``librosa.feature.tonnetz`` on that chroma: fifths, minor and major
    thirds. A transposition turns the pairs and leaves their lengths."""
    tonnetz_radius_std: Array
    """(3,)"""
    onset_mean: float
    """Of ``librosa.onset.onset_strength`` (on the mel spectrogram in dB above)."""
    onset_std: float
    onset_rate: float
    """Onsets a second: ``librosa.onset.onset_detect`` on that envelope, defaults."""
    tempo_bpm: float
    """``librosa.feature.tempo`` on that envelope, defaults (one estimate for the track)."""
    beat_strength: float
    """Autocorrelation of the onset envelope, its mean removed, at the lag of the tempo (nearest frame), over that at
    lag 0; clipped to 0..1; 0 for a flat envelope."""
