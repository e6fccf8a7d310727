"""Reading block by block gives the samples that librosa loads."""

import librosa
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from segue_core.contract import WindowPosition
from segue_core.features.layout import SAMPLE_RATE
from segue_jobs.extract import mono_reader
from segue_jobs.extract.decode import Window, decode_window
from segue_jobs.extract.libsndfile_stream import LibsndfileStream
from support.audio import tune, write_audio


def _channels(count, rate):
    return np.stack([tune(6.0, rate, seed=seed) for seed in range(count)], axis=1)


@pytest.mark.parametrize(
    ("name", "rate", "channels", "subtype"),
    [
        ("a.wav", 44_100, 2, "PCM_16"), ("a.wav", 22_050, 1, "PCM_16"), ("a.wav", 48_000, 6, "PCM_16"),
        ("a.wav", 96_000, 3, "PCM_24"), ("a.wav", 8_000, 2, "FLOAT"), ("a.flac", 44_100, 2, "PCM_16"),
        ("a.flac", 96_000, 6, "PCM_24"), ("a.ogg", 44_100, 6, None), ("a.opus", 48_000, 2, None),
        ("a.mp3", 44_100, 2, None), ("a.mp3", 16_000, 1, None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("block", [1000, mono_reader.BLOCK_FRAMES])
def test_the_samples_are_those_that_librosa_loads(tmp_path, monkeypatch, name, rate, channels, subtype, block):
    monkeypatch.setattr(mono_reader, "BLOCK_FRAMES", block)
    path = write_audio(tmp_path / name, _channels(channels, rate), rate, subtype=subtype)
    window = Window(WindowPosition.WHOLE, 30.0, 1.0)
    samples, again = decode_window(path, window, None, lambda source: (source.samples(), source.samples()))[0]
    expected, _ = librosa.load(path, sr=SAMPLE_RATE)
    length = min(len(samples), len(expected))
    assert abs(len(samples) - len(expected)) <= 1
    # libmpg123 itself gives a mono mp3 with other last digits from one decoding to the next.
    np.testing.assert_allclose(samples[:length], expected[:length], rtol=0, atol=3e-7)
    np.testing.assert_allclose(again, samples, rtol=0, atol=3e-7)


def test_a_file_that_is_read_on_can_still_seek(tmp_path):
    path = write_audio(tmp_path / "a.mp3", _channels(2, 44_100), 44_100)
    buffer = np.empty((1000, 2), np.float32)
    with LibsndfileStream(path) as file:
        file.read_on(buffer)
        assert file.seekable()
        file.seek(50_000)
        assert file.read_on(buffer) == 1000
        expected, _ = soundfile.read(path, start=50_000, frames=1000, dtype="float32")
    np.testing.assert_array_equal(buffer, expected)


@given(lengths=st.lists(st.integers(0, 40)), length=st.integers(1, 50))
def test_gathering_keeps_every_sample_in_order(lengths, length):
    samples = np.arange(sum(lengths), dtype=np.float32)
    pieces = np.split(samples, np.cumsum(lengths)[:-1]) if lengths else []
    blocks = [block.copy() for block in mono_reader.gather(pieces, length)]
    np.testing.assert_array_equal(np.concatenate([*blocks, np.empty(0, np.float32)]), samples)
    assert all(len(block) == length for block in blocks[:-1])
    assert all(0 < len(block) <= length for block in blocks[-1:])
