"""The engine's statistics are librosa's own, whatever the audio."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Iterator

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue_core.contract import Family
from segue_core.features.families import build_families
from segue_core.features.layout import SAMPLE_RATE
from segue_core.features.statistics import FrameStatistics
from segue_jobs.extract.audio_source import Samples
from segue_jobs.extract.librosa_engine import LibrosaEngine, beat_strength
from support.audio import tune


@dataclasses.dataclass
class Memory:
    array: Samples

    @property
    def expected_seconds(self) -> float:
        return len(self.array) / SAMPLE_RATE

    def samples(self) -> Samples:
        return self.array

    def blocks(self) -> Iterator[Samples]:
        yield self.array


def analyse(samples: Samples) -> FrameStatistics:
    return LibrosaEngine().analyse(Memory(samples.astype(np.float32)))


def test_numbers_are_those_of_librosa_from_the_samples() -> None:
    samples = tune(10.0)
    found = analyse(samples)
    mfcc = librosa.feature.mfcc(y=samples, sr=SAMPLE_RATE, n_mfcc=20)
    chroma = librosa.feature.chroma_stft(y=samples, sr=SAMPLE_RATE)
    tonnetz = librosa.feature.tonnetz(chroma=chroma, sr=SAMPLE_RATE)
    expected = {
        "mfcc_mean": mfcc.mean(axis=1),
        "mfcc_std": mfcc.std(axis=1),
        "delta_mfcc_std": librosa.feature.delta(mfcc[:13]).std(axis=1),
        "contrast_mean": librosa.feature.spectral_contrast(y=samples, sr=SAMPLE_RATE)[:6].mean(axis=1),
        "centroid_mean": librosa.feature.spectral_centroid(y=samples, sr=SAMPLE_RATE).mean(),
        "bandwidth_std": librosa.feature.spectral_bandwidth(y=samples, sr=SAMPLE_RATE).std(),
        "rolloff_mean": librosa.feature.spectral_rolloff(y=samples, sr=SAMPLE_RATE).mean(),
        "flatness_mean": librosa.feature.spectral_flatness(y=samples).mean(),
        "zcr_mean": librosa.feature.zero_crossing_rate(samples).mean(),
        "chroma_mean": chroma.mean(axis=1),
        "tonnetz_radius_mean": np.hypot(tonnetz[0::2], tonnetz[1::2]).mean(axis=1),
        "onset_mean": librosa.onset.onset_strength(y=samples, sr=SAMPLE_RATE).mean(),
        "onset_rate": len(librosa.onset.onset_detect(y=samples, sr=SAMPLE_RATE)) / 10.0,
        "tempo_bpm": librosa.feature.tempo(y=samples, sr=SAMPLE_RATE)[0],
    }
    for name, value in expected.items():
        assert getattr(found, name) == pytest.approx(value, rel=2e-3, abs=2e-3), name


def test_gain_changes_only_loudness() -> None:
    loud, soft = analyse(tune()), analyse(tune() / 2)
    assert loud.rms_db_mean - soft.rms_db_mean == pytest.approx(6.02, abs=0.05)
    assert loud.mfcc_mean[1:] == pytest.approx(soft.mfcc_mean[1:], abs=0.05)
    for name in (
        "centroid_mean",
        "bandwidth_mean",
        "rolloff_mean",
        "zcr_mean",
        "chroma_mean",
        "tempo_bpm",
        "onset_rate",
    ):
        assert getattr(loud, name) == pytest.approx(getattr(soft, name), rel=1e-2), name


def test_a_transposition_leaves_the_harmony_family() -> None:
    major, third = (1, 5 / 4, 3 / 2), 2 ** (4 / 12)
    chord, higher, other = (
        np.array(build_families(analyse(chord_of(base, ratios)))[Family.HARMONY])
        for base, ratios in ((220.0, major), (220.0 * third, major), (220.0, (1, 16 / 15, 9 / 8)))
    )
    assert np.abs(chord - higher).max() < 0.15
    assert np.abs(chord - other).max() > 0.3


def chord_of(base: float, ratios: tuple[float, ...]) -> Samples:
    time = np.arange(SAMPLE_RATE * 6) / SAMPLE_RATE
    return (0.2 * sum(np.sin(2 * np.pi * base * ratio * time) for ratio in ratios)).astype(np.float32)


@settings(max_examples=25, deadline=None)
@given(
    seconds=st.floats(0.03, 6),
    shape=st.sampled_from(["noise", "tone", "clicks", "constant", "gap"]),
    gain=st.floats(1e-4, 1e6),
    seed=st.integers(0, 1000),
)
def test_whatever_passes_the_decoder_gives_finite_numbers(seconds: float, shape: str, gain: float, seed: int) -> None:
    random, count = np.random.default_rng(seed), int(seconds * SAMPLE_RATE)
    samples = {
        "noise": random.uniform(-1, 1, count),
        "tone": np.sin(np.arange(count) * random.uniform(0.01, 3)),
        "clicks": (random.random(count) > 0.999).astype(float),
        "constant": np.ones(count),
        "gap": np.concatenate([random.uniform(-1, 1, count // 2), np.zeros(count - count // 2)]),
    }[shape]
    families = build_families(analyse(samples * gain))
    assert all(np.isfinite(vector).all() for vector in families.values())


@pytest.mark.parametrize(
    ("envelope", "bpm", "expected"),
    [
        (np.ones(100), 120.0, 0.0),
        (np.arange(10.0), 1.0, 0.0),
        (np.arange(10.0), 0.0, 0.0),
        (np.tile([1.0] + [0.0] * 19, 20), 60 * SAMPLE_RATE / (512 * 20), 0.95),
    ],
)
def test_beat_strength(envelope: np.ndarray, bpm: float, expected: float) -> None:
    assert beat_strength(envelope, bpm) == pytest.approx(expected, abs=0.01)


def test_a_worker_imports_neither_pandas_nor_the_clients() -> None:
    code = (
        "import sys; from segue_core.contract import Engine; from segue_jobs.extract import analyse, engine; "
        "engine.warm_up(Engine.LIBROSA); "
        "print([name for name in ('pandas', 'kafka', 'pymongo') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
