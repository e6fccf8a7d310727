"""Frames, levels and zero crossings of a stream, compared with librosa's for the whole signal."""

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue_core.features.layout import HOP_LENGTH, N_FFT
from segue_jobs.native.framing import BLOCK_FRAMES, FrameStream

_BLOCK = BLOCK_FRAMES * HOP_LENGTH


def _signal(length):
    generator = np.random.default_rng(length)
    samples = generator.standard_normal(length).astype(np.float32)
    samples[generator.integers(0, length, length // 10)] = 0
    samples[generator.integers(0, length, length // 10)] = -1e-11  # counts as zero
    return samples


def _frames(stream, samples, cuts):
    pieces = np.split(samples, sorted(cuts))
    blocks = [block.copy() for piece in pieces for block in stream.push(piece)]
    return np.concatenate([*blocks, *(block.copy() for block in stream.finish())])


@pytest.mark.parametrize(
    "length",
    [1, 2, 511, 512, 513, 1024, 2047, 2048, 2049, 50_000, _BLOCK - 1025, _BLOCK - 1024, _BLOCK, _BLOCK + 511,
     _BLOCK + 512, _BLOCK + 1535, _BLOCK + 1536, 2 * _BLOCK + 511, 2 * _BLOCK + 512, 2 * _BLOCK + 1024],
)  # fmt: skip
def test_a_stream_gives_librosas_frames_levels_and_crossings(length):
    samples, stream = _signal(length), FrameStream()
    frames = _frames(stream, samples, [length // 3])

    expected = librosa.util.frame(np.pad(samples, N_FFT // 2), frame_length=N_FFT, hop_length=HOP_LENGTH).T
    np.testing.assert_array_equal(frames, expected)
    hops = stream.hops()
    np.testing.assert_allclose(hops.rms(), librosa.feature.rms(y=samples)[0], rtol=1e-5)
    np.testing.assert_allclose(hops.zero_crossing_rate(), librosa.feature.zero_crossing_rate(samples)[0], atol=1e-7)
    assert stream.samples == length


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 3 * _BLOCK), st.lists(st.integers(0, 3 * _BLOCK), max_size=6))
def test_how_the_signal_is_cut_changes_nothing(length, cuts):
    samples, whole, cut = _signal(length), FrameStream(), FrameStream()
    expected = _frames(whole, samples, [])
    found = _frames(cut, samples, [place % (length + 1) for place in cuts])
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(cut.hops().energy, whole.hops().energy)
    np.testing.assert_array_equal(cut.hops().crossings, whole.hops().crossings)
    np.testing.assert_array_equal(cut.hops().first_crosses, whole.hops().first_crosses)
