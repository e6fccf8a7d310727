"""The network hears what librosa's functions would give it, from patches spread over the window."""

from __future__ import annotations

import librosa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_core.features.layout import SAMPLE_RATE
from segue_jobs.extract.listening import Overheard
from segue_jobs.learned.ear import EarFile
from segue_jobs.learned.front_end import patch_places, to_patches
from support.ears import FRAMES, MELS, RATE, ear


@pytest.mark.parametrize("changes", [{}, {"melScale": "Htk", "power": 1.0, "logarithm": "Natural", "offset": 1e-6}])
def test_the_spectrogram_is_that_of_librosa(changes: dict[str, object]) -> None:
    wanted = ear(sampleRate=SAMPLE_RATE, frame=512, hop=256, mels=24, lowestHz=30.0, **changes)
    noise = np.random.default_rng(1).standard_normal(SAMPLE_RATE).astype(np.float32) / 4
    piece = noise[patch_places(wanted, 1.0)[0]]
    margin = round(0.02 * SAMPLE_RATE)
    is_htk = wanted.mel_scale == "Htk"
    mel = librosa.feature.melspectrogram(
        y=piece[margin : margin + wanted.patch_samples], sr=SAMPLE_RATE, n_fft=512, hop_length=256, n_mels=24, fmin=30,
        center=False, power=wanted.power, htk=is_htk, norm=None if is_htk else "slaney",
    )  # fmt: skip
    logarithm = np.log if wanted.logarithm == "Natural" else np.log10
    expected = logarithm(wanted.offset + wanted.gain * mel).T
    np.testing.assert_allclose(to_patches(wanted, [piece])[0], expected, atol=2e-4)


def test_axes_and_rate() -> None:
    one, other = ear(), ear(inputOrder="MelsFrames")
    tone = np.sin(2 * np.pi * 1000 * np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE).astype(np.float32)
    pieces = [tone[place] for place in patch_places(one, 3.0)]
    patches = to_patches(one, pieces)
    assert patches.shape == (3, FRAMES, MELS)
    np.testing.assert_array_equal(to_patches(other, pieces), patches.transpose(0, 2, 1))
    loudest = int(np.argmax(patches.mean(axis=(0, 1))))
    edges = librosa.mel_frequencies(n_mels=MELS + 2, fmin=0, fmax=RATE / 2)
    assert edges[loudest] < 1000 < edges[loudest + 2]


@given(seconds=st.floats(0.05, 500.0), patches=st.integers(1, 8))
def test_patches_lie_within_the_window_in_order(seconds: float, patches: int) -> None:
    wanted = ear(patches=patches)
    places = patch_places(wanted, seconds)
    assert all(place.stop - place.start >= round(wanted.patch_seconds * SAMPLE_RATE) for place in places)
    assert [place.start for place in places] == sorted(place.start for place in places)
    if len(places) > 1:
        assert places[0].start >= 0
        assert places[-1].stop <= seconds * SAMPLE_RATE
        assert len(places) == patches


def test_a_short_track_is_repeated() -> None:
    wanted = ear()
    short = np.random.default_rng(2).standard_normal(500).astype(np.float32)
    [patch] = to_patches(wanted, [short])
    assert patch.shape == (FRAMES, MELS)
    assert np.isfinite(patch).all()
    assert patch[-1].mean() > 0.5 * patch[0].mean() > 0


class Pieces:
    """A source that arrives in pieces of given lengths, all in one buffer, as a decoder's blocks do."""

    def __init__(self, samples: np.ndarray, lengths: list[int]) -> None:
        self._samples, self._lengths = samples, lengths
        self.expected_seconds = len(samples) / SAMPLE_RATE

    def blocks(self):
        buffer, begin = np.empty(max(self._lengths), np.float32), 0
        while begin < len(self._samples):
            for length in self._lengths:
                part = self._samples[begin : begin + length]
                buffer[: len(part)] = part
                begin += len(part)
                yield buffer[: len(part)]

    def samples(self):
        return self._samples


@given(lengths=st.lists(st.integers(500, 90_000), min_size=1, max_size=6))
def test_pieces_do_not_matter(lengths: list[int], tmp_path_factory: pytest.TempPathFactory) -> None:
    samples = np.random.default_rng(3).standard_normal(3 * SAMPLE_RATE).astype(np.float32)
    wanted = ear()
    overheard = Overheard(Pieces(samples, lengths), EarFile(wanted, tmp_path_factory.getbasetemp()))
    np.testing.assert_array_equal(overheard.samples(), samples)
    heard = [np.concatenate(kept) for kept in overheard._kept]
    for kept, place in zip(heard, patch_places(wanted, 3.0), strict=True):
        np.testing.assert_array_equal(kept, samples[place])
