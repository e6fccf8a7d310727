"""k-means in memory."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_core.similarity.cosines import nearest_centre
from segue_core.similarity.kmeans import fit_centres, lloyd
from support.synthetic_model import unit_rows

BLOBS = np.eye(4, 12, dtype=np.float32)


def blobs(count: int, seed: int = 1) -> np.ndarray:
    rows = BLOBS[np.arange(count) % 4] + np.random.default_rng(seed).normal(0, 0.1, (count, 12))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def spread(vectors: np.ndarray, centres: np.ndarray) -> float:
    """Sum of squared distances to the means of the clusters."""
    cells = nearest_centre(vectors, centres)
    return sum(float(((rows - rows.mean(axis=0)) ** 2).sum()) for k in set(cells) if len(rows := vectors[cells == k]))


@given(st.integers(1, 60), st.integers(1, 9), st.integers(0, 5), st.booleans())
def test_the_same_seed_gives_the_same_finite_centres(count: int, k: int, seed: int, normalised: bool) -> None:
    vectors = unit_rows(count, 5)
    first, again = (fit_centres(vectors, k, seed=seed, iterations=9, normalised=normalised) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert first.shape == (min(k, count), 5)
    assert np.isfinite(first).all()
    assert not normalised or np.allclose(np.linalg.norm(first, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_separated_groups_are_found(seed: int) -> None:
    vectors = blobs(200)
    cells = nearest_centre(vectors, fit_centres(vectors, 4, seed=seed, iterations=20))
    assert {tuple(set(cells[group::4])) for group in range(4)} == {(0,), (1,), (2,), (3,)}


def test_copies_give_no_more_clusters_than_there_are_distinct_vectors() -> None:
    assert len(fit_centres(np.repeat(unit_rows(3, 6), 20, axis=0), 8, seed=1, iterations=5)) == 3


@given(st.integers(0, 20))
def test_an_iteration_never_makes_it_worse(seed: int) -> None:
    vectors = unit_rows(80, 6, seed)
    before = fit_centres(vectors, 5, seed=seed, iterations=1, normalised=False)
    assert spread(vectors, lloyd(vectors, before, 1, normalised=False)) <= spread(vectors, before) + 1e-5


def test_it_is_about_as_good_as_scikit_learn() -> None:
    cluster = pytest.importorskip("sklearn.cluster", reason="scikit-learn is the oracle of k-means")
    vectors = unit_rows(1500, 30)
    for k in (4, 16):
        ours = spread(vectors, fit_centres(vectors, k, seed=1, iterations=50))
        assert ours < 1.02 * cluster.KMeans(k, n_init=1, random_state=1, max_iter=50).fit(vectors).inertia_
