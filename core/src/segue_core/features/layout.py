"""The layout of the feature vectors: the dimensions of each family, in order, and their weights.

The order is part of the recipe: a change here needs a new `FEATURE_SET`, and a model never mixes vectors of two
feature sets.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

from segue_core.contract import Family

FEATURE_SET = "segue-1"

SAMPLE_RATE = 22_050
"""Sample rate of the analysis in Hz; every track is resampled to it."""
N_FFT = 2048
HOP_LENGTH = 512
N_MELS = 128
N_MFCC = 20
N_DELTA_MFCC = 13
N_CONTRAST = 6
"""librosa's octave bands 0 to 5. Every engine leaves out the seventh, 6.4 to 11 kHz: its quietest bins lie in the stop
band of the resampler (above 10.07 kHz), so its value would measure the resampler, not the music."""
MEL_GROUPS = 32
"""Number of groups of neighbouring mel bands in the stored spectrogram statistics."""


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
"""Weights after standardisation, where they are not 1: the beat tracker's measurements are the least reliable."""


LEARNED_WEIGHT = 50.0
"""Learned features count as much as 50 dimensions of weight 1, whatever their number: about half as much as all others
together. On 600 tracks of 34 games, anything from a quarter to twice of it gave a precision within 0.02."""


def weights(family: Family, dimensions: int) -> tuple[float, ...]:
    """Weight of each of a family's dimensions, in the layout's order."""
    if family not in LAYOUT:
        return (math.sqrt(LEARNED_WEIGHT / dimensions),) * dimensions
    return tuple(WEIGHTS.get(name, 1.0) for name in LAYOUT[family])
