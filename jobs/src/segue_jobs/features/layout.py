"""The layout of the feature vectors: which number stands where, in which family, with which weight.

The order is part of the recipe: a change here is a new `FEATURE_SET`, and vectors of two feature sets never meet in
one model.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from segue_jobs.contract import Family

FEATURE_SET = "segue-1"

SAMPLE_RATE = 22_050
"""Rate of analysis, Hz; every track is resampled to it."""
N_FFT = 2048
HOP_LENGTH = 512
N_MELS = 128
N_MFCC = 20
N_DELTA_MFCC = 13
N_CONTRAST = 6
"""librosa's octave bands 0 to 5. Its seventh, 6.4 to 11 kHz, is left out by every engine: the quietest bins of that
band lie in the stop band of the resampler (above 10.07 kHz), so its value measures the resampler, not the music."""
MEL_GROUPS = 32
"""Neighbouring mel bands are averaged to this many for the stored spectrogram statistics."""


def _numbered(name: str, count: int) -> tuple[str, ...]:
    return tuple(f"{name}_{index:02d}" for index in range(count))


LAYOUT: Mapping[Family, tuple[str, ...]] = MappingProxyType(
    {
        Family.TIMBRE: (
            *_numbered("mfcc_mean", N_MFCC),
            *_numbered("mfcc_logstd", N_MFCC),
            *_numbered("delta_mfcc_logstd", N_DELTA_MFCC),
        ),
        Family.SPECTRAL: (
            *_numbered("contrast_mean", N_CONTRAST),
            *_numbered("contrast_std", N_CONTRAST),
            "centroid_logmean", "centroid_logstd", "bandwidth_logmean", "bandwidth_logstd",
            "rolloff_logmean", "rolloff_logstd", "flatness_logmean", "flatness_logstd",
            "zcr_mean", "zcr_std", "rms_db_mean", "rms_db_std", "dynamic_range_db",
        ),
        Family.HARMONY: (
            *(f"chroma_dft_{order}" for order in range(1, 7)),
            "chroma_entropy",
            *(f"tonnetz_radius_{part}_{axis}" for part in ("mean", "std") for axis in ("fifth", "minor", "major")),
        ),
        Family.RHYTHM: ("tempo_cos", "tempo_sin", "beat_strength", "onset_rate", "onset_logmean", "onset_logstd"),
    }
)  # fmt: skip
"""Family -> names of its dimensions, in order."""

WEIGHTS: Mapping[str, float] = MappingProxyType({"tempo_cos": 0.25, "tempo_sin": 0.25})
"""Weights after standardisation that differ from 1: a beat tracker is the least reliable of the instruments."""


def weights(family: Family) -> tuple[float, ...]:
    """Weight of each dimension of a family, in the layout's order."""
    return tuple(WEIGHTS.get(name, 1.0) for name in LAYOUT[family])
