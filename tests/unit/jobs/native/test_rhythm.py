"""Tempo and onsets, compared with librosa's, on all kinds of envelopes."""

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue_core.features.layout import HOP_LENGTH, SAMPLE_RATE
from segue_jobs.native.rhythm import beat_strength, count_onsets, lag_to_bpm, tempo_lag
from segue_jobs.native.tempogram import mean_tempogram


def _envelope(seed, frames):
    generator = np.random.default_rng(seed)
    envelope = generator.gamma(0.5, 1.0, frames).astype(np.float32)
    envelope[:: int(generator.integers(9, 60))] += 3
    envelope[generator.random(frames) < 0.3] = 0
    return envelope


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 900))
def test_onsets_are_counted_as_librosa_counts_them(seed, frames):
    envelope = _envelope(seed, frames)
    expected = librosa.onset.onset_detect(onset_envelope=envelope.copy(), sr=SAMPLE_RATE, hop_length=HOP_LENGTH)
    assert count_onsets(envelope) == len(expected)


@pytest.mark.parametrize("frames", [1, 2, 3, 40, 343, 344, 345, 700, 1292, 3000])
def test_the_mean_tempogram_is_librosas(frames):
    envelope = _envelope(frames, frames)
    expected = librosa.feature.tempogram(onset_envelope=envelope, sr=SAMPLE_RATE, win_length=344).mean(axis=1)
    np.testing.assert_allclose(mean_tempogram(envelope), expected, atol=2e-6)


@pytest.mark.parametrize("seed", range(20))
def test_the_tempo_is_librosas(seed):
    envelope = _envelope(seed, 1292)
    expected = librosa.feature.tempo(onset_envelope=envelope, sr=SAMPLE_RATE)[0]
    assert lag_to_bpm(tempo_lag(envelope)) == pytest.approx(expected, rel=1e-12)


def test_a_flat_envelope_has_librosas_tempo_no_onsets_and_no_beat():
    flat = np.zeros(500, np.float32)
    assert lag_to_bpm(tempo_lag(flat)) == pytest.approx(librosa.feature.tempo(onset_envelope=flat, sr=SAMPLE_RATE)[0])
    assert count_onsets(flat) == 0
    assert beat_strength(flat, 21) == 0.0


def test_a_steady_beat_is_strong_and_noise_is_weak():
    steady = np.zeros(1200, np.float32)
    steady[::20] = 1
    noise = np.random.default_rng(1).random(1200).astype(np.float32)
    assert beat_strength(steady, 20) > 0.95
    assert beat_strength(noise, 20) < 0.1
    assert beat_strength(steady, 2000) == 0.0
