"""The native engine compared with librosa on synthetic signals, and invariants of its numbers."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue_core.contract import Reason
from segue_core.features.families import build_descriptors
from segue_core.features.layout import HOP_LENGTH
from segue_jobs.extract.audio_source import RejectedError
from segue_jobs.extract.librosa_engine import LibrosaEngine
from segue_jobs.extract.native_engine import NativeEngine
from segue_jobs.native import harmony
from segue_jobs.native.analysis import Analyser
from segue_jobs.native.framing import BLOCK_FRAMES
from support.agreement import NAMES, disagreements, vector
from support.signals import GivenSamples, music, synthetic


@pytest.fixture(scope="module")
def native():
    return NativeEngine()


@pytest.fixture(scope="module")
def reference():
    return LibrosaEngine()


def numbers(statistics):
    return np.concatenate([np.atleast_1d(value) for value in dataclasses.asdict(statistics).values()])


def analyse(samples, block=1 << 15):
    return Analyser()(GivenSamples(samples, block).blocks)


@pytest.mark.filterwarnings("ignore:Trying to estimate tuning from empty frequency set")
@pytest.mark.parametrize("seconds", [0.5, 12.0, 45.0])
@pytest.mark.parametrize("kind", synthetic(0.5))
def test_every_dimension_of_a_synthetic_signal_is_librosas(native, reference, kind, seconds):
    given_samples = GivenSamples(synthetic(seconds)[kind])
    found, expected = native.analyse(given_samples), reference.analyse(given_samples)
    assert not disagreements(vector(found), vector(expected))


@pytest.mark.filterwarnings("ignore:n_fft=2048 is too large", "ignore:Trying to estimate tuning")
@pytest.mark.parametrize("samples", [1, 2, 100, 511, 512, 2048, 4608])
def test_a_handful_of_samples_has_librosas_statistics(native, reference, samples):
    given_samples = GivenSamples(music(1.0)[:samples])
    expected = numbers(reference.analyse(given_samples))
    np.testing.assert_allclose(numbers(native.analyse(given_samples)), expected, rtol=1e-4, atol=1e-4)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 200_000), st.integers(1, 40_000), st.integers(1, 40_000))
def test_the_size_of_the_blocks_changes_no_bit(length, one, other):
    samples = music(10.0)[:length]
    np.testing.assert_array_equal(numbers(analyse(samples, one)), numbers(analyse(samples, other)))


def test_one_analyser_gives_the_same_numbers_for_a_track_whatever_it_did_before():
    analyser, samples = Analyser(), music(3.0)
    first = numbers(analyser(GivenSamples(samples).blocks))
    analyser(GivenSamples(synthetic(40.0)["noise"]).blocks)
    np.testing.assert_array_equal(numbers(analyser(GivenSamples(samples).blocks)), first)


@settings(max_examples=10, deadline=None)
@given(st.floats(-20, 6))
def test_gain_changes_loudness_and_nothing_else(decibels):
    samples = music(6.0)
    quiet, loud = analyse(samples), analyse((samples * np.float32(10 ** (decibels / 20))).astype(np.float32))
    changed = np.abs(vector(loud) - vector(quiet)) > 5e-3
    assert {name for name, differs in zip(NAMES, changed, strict=True) if differs} <= {
        "timbre.mfcc_mean_00", "spectral.rms_db_mean"
    }  # fmt: skip
    assert loud.rms_db_mean - quiet.rms_db_mean == pytest.approx(decibels, abs=1e-3)
    assert loud.mfcc_mean[0] - quiet.mfcc_mean[0] == pytest.approx(decibels * np.sqrt(128), abs=0.05)
    descriptors = build_descriptors(loud)
    assert {key for key, value in build_descriptors(quiet).items() if descriptors[key] != value} <= {
        "loudnessDb", "beatStrength", "brightnessHz", "dynamicRangeDb"
    }  # fmt: skip
    assert descriptors["brightnessHz"] == pytest.approx(quiet.centroid_mean, rel=1e-3)


def test_a_track_twice_over_has_the_means_of_the_track():
    """Only the frames across the seam are new: here, four of 1038."""
    samples = music(12.0)[: 512 * 519]
    once, twice = analyse(samples), analyse(np.concatenate([samples, samples]))
    for name in ("mfcc_mean", "mel_db_mean", "contrast_mean", "chroma_mean", "tonnetz_radius_mean"):
        np.testing.assert_allclose(getattr(twice, name), getattr(once, name), rtol=0.02, atol=0.25)
    assert twice.centroid_mean == pytest.approx(once.centroid_mean, rel=0.01)
    assert twice.rms_db_mean == pytest.approx(once.rms_db_mean, abs=0.1)
    assert twice.tempo_bpm == once.tempo_bpm


def test_silence_added_at_the_end_counts_as_frames_of_silence():
    samples = music(10.0)[: 512 * 400]
    padding = np.zeros(512 * 400, np.float32)
    plain, padded = analyse(samples), analyse(np.concatenate([samples, padding]))
    share = 401 / 801
    for name in ("centroid_mean", "rolloff_mean", "zcr_mean"):  # 0 in silence
        assert getattr(padded, name) == pytest.approx(share * getattr(plain, name), rel=0.02)
    assert padded.flatness_mean == pytest.approx(share * plain.flatness_mean + 1 - share, rel=0.01)  # 1 in silence
    assert padded.rms_db_mean == pytest.approx(share * plain.rms_db_mean - 100 * (1 - share), rel=0.01)
    assert padded.onset_rate == pytest.approx(plain.onset_rate / 2, rel=0.1)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 30_000), st.integers(0, 10_000), st.sampled_from([1e-30, 1e-12, 1e-6, 1.0, 1e4, 1e9]),
    st.sampled_from([0.0, 0.5, 0.999]),
)  # fmt: skip
def test_finite_samples_never_give_nan_or_infinity(length, seed, scale, holes):
    generator = np.random.default_rng(seed)
    samples = (generator.standard_normal(length) * scale).astype(np.float32)
    samples[generator.random(length) < holes] = 0
    assert np.isfinite(numbers(analyse(samples))).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e15, 1e30])
def test_samples_that_are_not_finite_are_refused(native, value):
    samples = music(2.0)
    samples[20_000] = value
    with pytest.raises(RejectedError) as refusal:
        native.analyse(GivenSamples(samples))
    assert refusal.value.problem.reason is Reason.NON_FINITE_FEATURE


def test_no_samples_at_all_are_refused(native):
    with pytest.raises(RejectedError) as refusal:
        native.analyse(GivenSamples(np.zeros(0, np.float32)))
    assert refusal.value.problem.reason is Reason.EMPTY_FILE


def test_a_long_track_that_changes_its_tuning_is_analysed_again(native, reference, monkeypatch):
    """The beginning suggests other tunings than the whole: no candidate is right, so there is a second pass."""
    monkeypatch.setattr(harmony, "CANDIDATES", 1)
    beginning = harmony.KEPT_BLOCKS * BLOCK_FRAMES * HOP_LENGTH
    time = np.arange(3 * beginning) / 22_050
    samples = sum(np.sin(2 * np.pi * 440 * 2 ** ((pitch + 0.3) / 12) * time) for pitch in (0, 4, 7))
    samples[:beginning] = sum(
        np.sin(2 * np.pi * 440 * 2 ** ((pitch - 0.2) / 12) * time[:beginning]) for pitch in (0, 5)
    )
    given_samples = GivenSamples((0.1 * samples).astype(np.float32))
    passes = []

    class Counted:
        def blocks(self):
            passes.append(1)
            return given_samples.blocks()

    found, expected = native.analyse(Counted()), reference.analyse(given_samples)
    assert len(passes) == 2
    np.testing.assert_allclose(found.chroma_mean, expected.chroma_mean, atol=1e-4)
    np.testing.assert_allclose(found.tonnetz_radius_mean, expected.tonnetz_radius_mean, atol=1e-4)
