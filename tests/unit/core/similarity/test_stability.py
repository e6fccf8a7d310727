"""The population stability index: nothing for the same tracks, little for chance, much for a shift."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_core.similarity.stability import SHIFTED, feature_ranges, stability_indexes

TRAINING = np.random.default_rng(1).normal(size=(2000, 3)).astype(np.float32)
TRAINING[:, 2] = 0.25  # a feature that never varies


@given(st.integers(0, 50), st.integers(200, 400))
def test_what_sounds_like_the_training_has_not_shifted(seed: int, tracks: int) -> None:
    later = np.random.default_rng(seed).choice(TRAINING, size=tracks)
    found = stability_indexes(feature_ranges(TRAINING), later)
    assert (found >= 0).all()
    assert (found < SHIFTED).all()
    np.testing.assert_allclose(stability_indexes(feature_ranges(TRAINING), TRAINING), 0, atol=1e-12)


@given(st.floats(0.6, 5), st.booleans())
def test_a_feature_that_has_moved_is_the_one_that_is_named(step: float, is_wider: bool) -> None:
    later = TRAINING[:500].copy()
    later[:, 1] = later[:, 1] * (1 + 2 * step) if is_wider else later[:, 1] + step
    assert (stability_indexes(feature_ranges(TRAINING), later) > SHIFTED).tolist() == [False, True, False]


def test_the_index_is_what_its_formula_says() -> None:
    ranges = feature_ranges(np.arange(100, dtype=np.float32)[:, None])
    later = np.array([[5.0]] * 3 + [[15.0]], dtype=np.float32)
    before, after = np.full(10, 0.1), np.array([0.75, 0.25] + [1e-4] * 8)
    assert stability_indexes(ranges, later)[0] == pytest.approx(((after - before) * np.log(after / before)).sum())


def test_ranges_of_other_features_are_refused() -> None:
    with pytest.raises(ValueError, match="are not those of 2 features"):
        stability_indexes(feature_ranges(TRAINING), TRAINING[:, :2])
