"""The reference engine: librosa's own functions on one shared spectrum."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import numpy as np

from segue_core.features.layout import (
    HOP_LENGTH,
    N_CONTRAST,
    N_DELTA_MFCC,
    N_FFT,
    N_MELS,
    N_MFCC,
    SAMPLE_RATE,
)
from segue_core.features.statistics import Array, FrameStatistics
from segue_jobs.extract.audio_source import AudioSource, Samples
from segue_jobs.extract.numba_cache import alone_with_numba_cache, ensure_numba_cache

_DELTA_WIDTH = 9
_SILENCE = 1e-5


class LibrosaEngine:
    """librosa on the whole window in memory."""

    name = "librosa"
    maximum_seconds: float | None = 900.0
    """Needs about 1.5 GB; longer windows need an engine that works on the stream."""

    def __init__(self) -> None:
        ensure_numba_cache()
        self.version = version("librosa")
        self._compiled = False

    def analyse(self, source: AudioSource) -> FrameStatistics:
        """Statistics of the source, all from one STFT."""
        if self._compiled:
            return self._analyse(source)
        with alone_with_numba_cache():
            statistics = self._analyse(source)
        self._compiled = True
        return statistics

    def _analyse(self, source: AudioSource) -> FrameStatistics:
        import librosa

        samples = source.samples()
        magnitude = np.abs(librosa.stft(samples, n_fft=N_FFT, hop_length=HOP_LENGTH))
        power = magnitude**2
        decibels = librosa.power_to_db(
            librosa.feature.melspectrogram(S=power, sr=SAMPLE_RATE, n_fft=N_FFT, n_mels=N_MELS)
        )
        statistics: dict[str, Any] = {
            "seconds": len(samples) / SAMPLE_RATE,
            "mel_db_mean": _mean(decibels),
            "mel_db_std": _deviation(decibels),
            **_timbre(decibels),
            **_spectral(magnitude),
            **_levels(samples),
            **_harmony(power),
            **_rhythm(decibels, len(samples) / SAMPLE_RATE),
        }
        return FrameStatistics(**statistics)


def _mean(frames: Any) -> Array:
    return np.asarray(frames.mean(axis=-1, dtype=np.float64))


def _deviation(frames: Any) -> Array:
    return np.asarray(frames.std(axis=-1, dtype=np.float64))


def _timbre(decibels: Any) -> dict[str, Any]:
    import librosa

    mfcc = librosa.feature.mfcc(S=decibels, n_mfcc=N_MFCC)
    delta = np.zeros(N_DELTA_MFCC)
    if mfcc.shape[1] >= _DELTA_WIDTH:
        delta = _deviation(librosa.feature.delta(mfcc[:N_DELTA_MFCC], width=_DELTA_WIDTH))
    return {"mfcc_mean": _mean(mfcc), "mfcc_std": _deviation(mfcc), "delta_mfcc_std": delta}


def _spectral(magnitude: Any) -> dict[str, Any]:
    import librosa

    centroid = librosa.feature.spectral_centroid(S=magnitude, sr=SAMPLE_RATE)
    series = {
        "centroid": centroid,
        "bandwidth": librosa.feature.spectral_bandwidth(S=magnitude, sr=SAMPLE_RATE, centroid=centroid),
        "rolloff": librosa.feature.spectral_rolloff(S=magnitude, sr=SAMPLE_RATE),
        "flatness": librosa.feature.spectral_flatness(S=magnitude),
    }
    contrast = librosa.feature.spectral_contrast(S=magnitude, sr=SAMPLE_RATE)[:N_CONTRAST]
    return {
        "contrast_mean": _mean(contrast),
        "contrast_std": _deviation(contrast),
        **{f"{name}_mean": float(_mean(frames[0])) for name, frames in series.items()},
        **{f"{name}_std": float(_deviation(frames[0])) for name, frames in series.items()},
    }


def _levels(samples: Samples) -> dict[str, float]:
    import librosa

    crossings = librosa.feature.zero_crossing_rate(samples, frame_length=N_FFT, hop_length=HOP_LENGTH)[0]
    rms = librosa.feature.rms(y=samples, frame_length=N_FFT, hop_length=HOP_LENGTH)[0].astype(np.float64)
    decibels = 20 * np.log10(np.maximum(rms, _SILENCE))
    low, high = np.percentile(decibels, (5, 95))
    return {
        "zcr_mean": float(_mean(crossings)),
        "zcr_std": float(_deviation(crossings)),
        "rms_db_mean": float(decibels.mean()),
        "rms_db_std": float(decibels.std()),
        "rms_db_low": float(low),
        "rms_db_high": float(high),
    }


def _harmony(power: Any) -> dict[str, Array]:
    import librosa

    chroma = librosa.feature.chroma_stft(S=power, sr=SAMPLE_RATE, n_fft=N_FFT, hop_length=HOP_LENGTH)
    tonnetz = librosa.feature.tonnetz(chroma=chroma, sr=SAMPLE_RATE).astype(np.float64)
    radius = np.hypot(tonnetz[0::2], tonnetz[1::2])
    return {
        "chroma_mean": _mean(chroma),
        "tonnetz_radius_mean": _mean(radius),
        "tonnetz_radius_std": _deviation(radius),
    }


def _rhythm(decibels: Any, seconds: float) -> dict[str, float]:
    import librosa

    envelope = librosa.onset.onset_strength(S=decibels, sr=SAMPLE_RATE, hop_length=HOP_LENGTH)
    onsets = librosa.onset.onset_detect(onset_envelope=envelope, sr=SAMPLE_RATE, hop_length=HOP_LENGTH)
    tempo = float(librosa.feature.tempo(onset_envelope=envelope, sr=SAMPLE_RATE, hop_length=HOP_LENGTH)[0])
    return {
        "onset_mean": float(_mean(envelope)),
        "onset_std": float(_deviation(envelope)),
        "onset_rate": len(onsets) / seconds,
        "tempo_bpm": tempo,
        "beat_strength": beat_strength(envelope.astype(np.float64), tempo),
    }


def beat_strength(envelope: Array, tempo_bpm: float) -> float:
    """Autocorrelation of an onset envelope at the beat's lag, divided by that at lag 0; from 0 to 1."""
    centred = envelope - envelope.mean()
    energy = float(centred @ centred)
    if energy <= 0.0 or tempo_bpm <= 0.0:
        return 0.0
    lag = round(60.0 * SAMPLE_RATE / (HOP_LENGTH * tempo_bpm))
    if not 0 < lag < len(centred):
        return 0.0
    return float(np.clip(centred[lag:] @ centred[:-lag] / energy, 0.0, 1.0))
