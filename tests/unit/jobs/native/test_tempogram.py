"""The sum over a tempogram's frames, computed in both ways."""

import librosa
import numpy as np
import pytest

from segue_core.features.layout import SAMPLE_RATE
from segue_jobs.native import tempogram
from segue_jobs.native.tempogram import mean_tempogram


def _envelope(frames, seed=1):
    generator = np.random.default_rng(seed)
    return (generator.gamma(0.3, 1.0, frames) * (generator.random(frames) < 0.2)).astype(np.float32)


def _reference(envelope):
    return librosa.feature.tempogram(onset_envelope=envelope, sr=SAMPLE_RATE, win_length=344).mean(axis=1)


@pytest.mark.parametrize("digits", [tempogram._DIGITS, 0.0])
@pytest.mark.parametrize("frames", [1, 5, 343, 344, 1292, 9000])
def test_prefix_sums_and_single_frames_give_librosas_mean(monkeypatch, digits, frames):
    monkeypatch.setattr(tempogram, "_DIGITS", digits)
    envelope = _envelope(frames)
    np.testing.assert_allclose(mean_tempogram(envelope), _reference(envelope), atol=3e-6)


def test_a_passage_a_billion_times_fainter_does_not_drown_the_others():
    envelope = _envelope(3000)
    envelope[1000:2000] *= np.float32(1e-9)
    np.testing.assert_allclose(mean_tempogram(envelope), _reference(envelope), atol=3e-6)


def test_a_passage_without_any_onset_counts_as_frames_without_correlation():
    envelope = _envelope(3000)
    envelope[1000:2000] = 0
    np.testing.assert_allclose(mean_tempogram(envelope), _reference(envelope), atol=3e-6)
