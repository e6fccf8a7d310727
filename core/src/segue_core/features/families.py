"""Turns frame statistics into the families' vectors and into descriptors for people.

The recipe follows measurements on real music: logarithms of deviations and frequencies, harmony made independent of
the key, tempo folded to one octave.
"""

from __future__ import annotations

import math

import numpy as np

from segue_core.contract import Family
from segue_core.features.layout import LAYOUT, MEL_GROUPS
from segue_core.features.statistics import Array, FrameStatistics

_FLOOR = 1e-6
_DECIBEL_FLOOR = 0.01
"""A deviation below a hundredth of a decibel is rounding, not music: engines may differ there."""
_FLATNESS_FLOOR = 1e-5
_PITCH_CLASSES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
# Krumhansl & Kessler (1982), probe-tone ratings: how well each pitch class fits a key.
_MAJOR_PROFILE = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
_MINOR_PROFILE = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])
_MODES = ("major", "minor")


def _key_profiles() -> Array:
    """Profiles of all keys, centred and normalised, (24, 12): C major, C minor, C# major and so on."""
    rolled = [np.roll(profile, tonic) for tonic in range(12) for profile in (_MAJOR_PROFILE, _MINOR_PROFILE)]
    centred = np.array(rolled) - np.mean(rolled, axis=1, keepdims=True)
    return np.asarray(centred / np.linalg.norm(centred, axis=1, keepdims=True))


_KEY_PROFILES = _key_profiles()


def _log(value: float | Array, floor: float = _FLOOR) -> Array:
    return np.log(np.maximum(np.asarray(value, dtype=np.float64), floor))


def _timbre(statistics: FrameStatistics) -> list[Array]:
    return [
        statistics.mfcc_mean,
        _log(statistics.mfcc_std, _DECIBEL_FLOOR),
        _log(statistics.delta_mfcc_std, _DECIBEL_FLOOR),
    ]


def _spectral(statistics: FrameStatistics) -> list[Array]:
    return [
        statistics.contrast_mean,
        statistics.contrast_std,
        _log(
            np.array(
                [
                    statistics.centroid_mean, statistics.centroid_std,
                    statistics.bandwidth_mean, statistics.bandwidth_std,
                    statistics.rolloff_mean, statistics.rolloff_std,
                ]
            )
        ),
        _log(np.array([statistics.flatness_mean, statistics.flatness_std]), _FLATNESS_FLOOR),
        np.array(
            [
                statistics.zcr_mean, statistics.zcr_std, statistics.rms_db_mean, statistics.rms_db_std,
                statistics.rms_db_high - statistics.rms_db_low,
            ]
        ),
    ]  # fmt: skip


def chroma_dft(chroma: Array) -> Array:
    """Magnitudes of the Fourier coefficients 1 to 6 of a chroma vector, relative to its sum; shape (6,).

    A transposition rotates the chroma and changes only the phases: the magnitudes do not depend on the key.
    Source: Amiot, Music Through Fourier Space (2016).
    """
    total = max(float(chroma.sum()), _FLOOR)
    return np.asarray(np.abs(np.fft.rfft(chroma))[1:7] / total, dtype=np.float64)


def _entropy(chroma: Array) -> float:
    share = chroma / max(float(chroma.sum()), _FLOOR)
    return float(-(share * np.log2(np.maximum(share, _FLOOR))).sum())


def _harmony(statistics: FrameStatistics) -> list[Array]:
    return [
        chroma_dft(statistics.chroma_mean),
        np.array([_entropy(statistics.chroma_mean)]),
        statistics.tonnetz_radius_mean,
        statistics.tonnetz_radius_std,
    ]


def fold_tempo(bpm: float) -> tuple[float, float]:
    """Tempo as (cos, sin) of its octave: 60, 120 and 240 BPM, which beat trackers confuse, are the same point."""
    if bpm <= 0:
        return 0.0, 0.0
    angle = 2 * math.pi * math.log2(bpm)
    return math.cos(angle), math.sin(angle)


def _rhythm(statistics: FrameStatistics) -> list[Array]:
    return [
        np.array(fold_tempo(statistics.tempo_bpm)),
        np.array([statistics.beat_strength, statistics.onset_rate]),
        _log(np.array([statistics.onset_mean, statistics.onset_std])),
    ]


_BUILDERS = {
    Family.TIMBRE: _timbre,
    Family.SPECTRAL: _spectral,
    Family.HARMONY: _harmony,
    Family.RHYTHM: _rhythm,
}


def build_families(statistics: FrameStatistics) -> dict[Family, tuple[float, ...]]:
    """The vectors of all families, in the order of `layout.LAYOUT`; not scaled.

    Raises
    ------
    ValueError
        A number is NaN or infinite; the message names its dimension.
    """
    families: dict[Family, tuple[float, ...]] = {}
    for family, builder in _BUILDERS.items():
        vector = np.concatenate(builder(statistics))
        finite = np.isfinite(vector)
        if not finite.all():
            raise ValueError(f"{family}.{LAYOUT[family][int(np.argmin(finite))]} is not finite")
        families[family] = tuple(vector.tolist())
    return families


def estimate_key(chroma: Array) -> tuple[str, str]:
    """Tonic and mode whose profile correlates best with the mean chroma (Krumhansl & Kessler 1982)."""
    if float(chroma.std()) == 0.0:
        return "C", "unknown"
    centred = chroma - chroma.mean()
    tonic, mode = divmod(int(np.argmax(_KEY_PROFILES @ centred)), len(_MODES))
    return _PITCH_CLASSES[tonic], _MODES[mode]


def build_descriptors(statistics: FrameStatistics) -> dict[str, float | str]:
    """Raw values for filters and people: tempo, key, loudness, brightness."""
    key, mode = estimate_key(statistics.chroma_mean)
    return {
        "tempoBpm": round(statistics.tempo_bpm, 2),
        "key": key,
        "mode": mode,
        "loudnessDb": round(statistics.rms_db_mean, 2),
        "dynamicRangeDb": round(statistics.rms_db_high - statistics.rms_db_low, 2),
        "brightnessHz": round(statistics.centroid_mean, 1),
        "onsetsPerSecond": round(statistics.onset_rate, 3),
        "beatStrength": round(statistics.beat_strength, 4),
    }


def build_spectrogram(statistics: FrameStatistics) -> dict[str, tuple[float, ...]]:
    """Mean and deviation of the mel spectrogram in dB, averaged over neighbouring bands, for display."""
    return {
        name: tuple(np.round(values.reshape(MEL_GROUPS, -1).mean(axis=1), 2).tolist())
        for name, values in (("meanDb", statistics.mel_db_mean), ("deviationDb", statistics.mel_db_std))
    }
