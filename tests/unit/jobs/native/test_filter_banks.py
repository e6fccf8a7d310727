"""Filter banks and bands, compared with librosa's."""

import itertools

import librosa
import numpy as np
import pytest

from segue_core.features.layout import N_FFT, SAMPLE_RATE
from segue_jobs.native.filter_banks import (
    chroma_filters,
    contrast_bands,
    cosine_transform,
    hann,
    mel_filters,
    mel_groups,
    tonnetz_transform,
)


def test_the_mel_filters_are_librosas():
    expected = librosa.filters.mel(sr=SAMPLE_RATE, n_fft=N_FFT)
    np.testing.assert_allclose(mel_filters(), expected, atol=1e-8)


def test_the_narrow_groups_hold_every_weight_of_the_mel_filters():
    joined = np.zeros_like(mel_filters())
    for group in mel_groups():
        joined[group.mels, group.bins] = group.weights
    np.testing.assert_array_equal(joined, mel_filters())


@pytest.mark.parametrize("tuning", [-0.5, -0.07, 0.0, 0.23, 0.49])
def test_the_chroma_filters_are_librosas_for_any_tuning(tuning):
    expected = librosa.filters.chroma(sr=SAMPLE_RATE, n_fft=N_FFT, tuning=tuning)
    np.testing.assert_allclose(chroma_filters(tuning), expected, atol=1e-7)


def test_the_window_is_librosas():
    np.testing.assert_allclose(hann(N_FFT), librosa.filters.get_window("hann", N_FFT), atol=1e-15)


def test_the_cosine_transform_gives_librosas_mfcc():
    decibels = np.random.default_rng(1).normal(-40, 10, (128, 5)).astype(np.float32)
    np.testing.assert_allclose(cosine_transform() @ decibels, librosa.feature.mfcc(S=decibels), atol=1e-3)


def test_the_tonnetz_transform_is_librosas():
    chroma = np.random.default_rng(1).random((12, 5)).astype(np.float32)
    expected = librosa.feature.tonnetz(chroma=chroma)
    np.testing.assert_allclose(tonnetz_transform() @ (chroma / chroma.sum(axis=0)), expected, atol=1e-6)


def test_the_contrast_bands_cover_all_bins_in_order():
    bands = contrast_bands()
    assert [band.quantile for band in bands] == [1, 1, 1, 2, 3, 6, 9]
    assert bands[0].bins.start == 0
    assert bands[-1].bins.stop == N_FFT // 2 + 1
    assert all(low.bins.stop == high.bins.start for low, high in itertools.pairwise(bands))
