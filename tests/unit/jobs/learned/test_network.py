"""A network's answer is the mean over the patches, and a recipe names what it depends on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segue_core.features.layout import SAMPLE_RATE
from segue_jobs.learned.front_end import patch_places, to_patches
from segue_jobs.learned.network import Network, NotFiniteError
from support.ears import MELS, ear_file


@pytest.fixture
def samples() -> np.ndarray:
    return np.random.default_rng(1).standard_normal(4 * SAMPLE_RATE).astype(np.float32) / 8


def test_it_answers_with_the_mean_over_patches(tmp_path: Path, samples: np.ndarray) -> None:
    file = ear_file(tmp_path)
    network = Network(file)
    pieces = [samples[place] for place in patch_places(file.ear, 4.0)]
    heard = network.hear(pieces)
    expected = to_patches(file.ear, pieces).mean(axis=(0, 1))
    assert network.dimensions == MELS
    np.testing.assert_allclose(heard.features, expected, rtol=1e-5)
    each = 1 / (1 + np.exp(-to_patches(file.ear, pieces).mean(axis=1)))
    assert heard.tags == {
        "low": pytest.approx(each[:, 0].mean(), abs=1e-5),
        "high": pytest.approx(each[:, 1].mean(), abs=1e-5),
    }
    assert network.recipe()["ear"] == file.ear.fingerprint()


def test_an_answer_that_is_no_number(tmp_path: Path, samples: np.ndarray) -> None:
    file = ear_file(tmp_path)
    samples[SAMPLE_RATE:] = np.nan
    with pytest.raises(NotFiniteError, match="'tiny' answers with NaN"):
        Network(file).hear([samples[place] for place in patch_places(file.ear, 4.0)])
