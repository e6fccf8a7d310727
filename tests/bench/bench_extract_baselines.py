"""What the native engine is compared with: the usual script, FMA's features, one shared STFT, the floor.

Each is a function of a path. librosa and scipy.fft are imported only by those that need them.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.lib.stride_tricks import as_strided

from segue_core.contract import Engine, WindowPosition
from segue_core.features.families import build_families
from segue_jobs.extract.decode import Window, decode_window
from segue_jobs.extract.engine import engine

MIDDLE = Window(WindowPosition.MIDDLE, 30.0, 1.0)
WHOLE = Window(WindowPosition.WHOLE, 30.0, 1.0)
Extractor = Callable[[Path], object]


def native(path: Path, window: Window = MIDDLE) -> object:
    """Segue's default engine: decode, analyse, build the vectors."""
    analyser = engine(Engine.NATIVE)
    return build_families(decode_window(path, window, analyser.maximum_seconds, analyser.analyse)[0])


def usual_script(path: Path) -> object:
    """The usual script: every feature asked for with ``y``, each computing its own spectrum, the mean of each."""
    import librosa

    y, sr = librosa.load(path)
    feature = librosa.feature
    frames = [
        feature.melspectrogram(y=y, sr=sr),
        feature.mfcc(y=y, sr=sr, n_mfcc=20),
        feature.chroma_stft(y=y, sr=sr),
        feature.spectral_centroid(y=y, sr=sr),
        feature.spectral_bandwidth(y=y, sr=sr),
        feature.spectral_rolloff(y=y, sr=sr),
        feature.spectral_contrast(y=y, sr=sr),
        feature.tonnetz(y=y, sr=sr),
        feature.zero_crossing_rate(y),
        feature.rms(y=y),
    ]
    tempo, _ = librosa.beat.beat_track(y=y, sr=sr)
    return np.concatenate([*(rows.mean(axis=1) for rows in frames), np.atleast_1d(tempo)])


def fma_features(path: Path) -> object:
    """The feature set of the FMA data set at the file's own rate: nine features, seven statistics of each."""
    import librosa
    from scipy import stats

    y, sr = librosa.load(path, sr=None, mono=True)
    feature = librosa.feature
    cqt = np.abs(librosa.cqt(y, sr=sr, hop_length=512, bins_per_octave=12, n_bins=84, tuning=None))
    cens = feature.chroma_cens(C=cqt, n_chroma=12, n_octaves=7)
    magnitude = np.abs(librosa.stft(y, n_fft=2048, hop_length=512))
    frames = [
        feature.zero_crossing_rate(y, frame_length=2048, hop_length=512),
        feature.chroma_cqt(C=cqt, n_chroma=12, n_octaves=7),
        cens,
        feature.tonnetz(chroma=cens),
        feature.chroma_stft(S=magnitude**2, n_chroma=12, sr=sr),
        feature.rms(S=magnitude),
        feature.spectral_centroid(S=magnitude, sr=sr),
        feature.spectral_bandwidth(S=magnitude, sr=sr),
        feature.spectral_contrast(S=magnitude, sr=sr, n_bands=6),
        feature.spectral_rolloff(S=magnitude, sr=sr),
        feature.mfcc(S=librosa.power_to_db(feature.melspectrogram(S=magnitude**2, sr=sr)), n_mfcc=20),
    ]
    return np.concatenate(
        [
            statistic
            for rows in frames
            for statistic in (
                rows.mean(axis=1), rows.std(axis=1), stats.skew(rows, axis=1), stats.kurtosis(rows, axis=1),
                np.median(rows, axis=1), rows.min(axis=1), rows.max(axis=1),
            )
        ]
    )  # fmt: skip


def shared_spectrum(path: Path) -> object:
    """librosa with one STFT for all features and the native engine's definitions: mean and deviation of each."""
    import librosa

    y, sr = librosa.load(path)
    feature = librosa.feature
    magnitude = np.abs(librosa.stft(y))
    power = magnitude**2
    decibels = librosa.power_to_db(feature.melspectrogram(S=power, sr=sr))
    chroma = feature.chroma_stft(S=power, sr=sr)
    frames = [
        decibels,
        feature.mfcc(S=decibels, n_mfcc=20),
        chroma,
        feature.tonnetz(chroma=chroma),
        feature.spectral_contrast(S=magnitude, sr=sr),
        feature.spectral_centroid(S=magnitude, sr=sr),
        feature.spectral_bandwidth(S=magnitude, sr=sr),
        feature.spectral_rolloff(S=magnitude, sr=sr),
        feature.zero_crossing_rate(y),
        feature.rms(S=magnitude),
    ]
    envelope = librosa.onset.onset_strength(S=decibels, sr=sr)
    statistics = [statistic for rows in frames for statistic in (rows.mean(axis=1), rows.std(axis=1))]
    return np.concatenate([*statistics, feature.tempo(onset_envelope=envelope, sr=sr)])


_HANN = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(2048) / 2048)).astype(np.float32)
_WINDOWED = np.empty((64, 2048), np.float32)


def floor(path: Path) -> object:
    """What no engine on these libraries can do without: decode, mono, resample, one windowed FFT of each frame."""
    import scipy.fft

    samples, rate = soundfile.read(path, dtype="float32")
    mono = soxr.resample((samples[:, 0] + samples[:, 1]) * np.float32(0.5), rate, 22_050, quality="HQ")
    padded = np.pad(mono, 1024)
    frames = as_strided(padded, (1 + len(mono) // 512, 2048), (512 * 4, 4))
    for start in range(0, len(frames), 64):
        block = frames[start : start + 64]
        spectrum = scipy.fft.rfft(np.multiply(block, _HANN, out=_WINDOWED[: len(block)]), axis=1)
    return spectrum
