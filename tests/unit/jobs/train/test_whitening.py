"""Whitening evens out how an artist's tracks differ; the data decide how far."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_jobs.train.whitening import FOLDS, Scatter, choose_shrinkage, fold_of, total, whitening_matrix

Artists = list[np.ndarray]


def artists(count: int, spread: np.ndarray, *, tracks: int = 4, seed: int = 1) -> Artists:
    """Artists around means of their own, whose tracks differ by these deviations."""
    draw = np.random.default_rng(seed)
    return [draw.normal(size=len(spread)) + spread * draw.normal(size=(tracks, len(spread))) for _ in range(count)]


def folds_of(found: Artists) -> list[Scatter]:
    folds = [Scatter.none(found[0].shape[1]) for _ in range(FOLDS)]
    for place, vectors in enumerate(found):
        folds[place % FOLDS] += Scatter.of_artist(vectors)
    return folds


def moments_of(found: Artists) -> np.ndarray:
    every = np.concatenate(found)
    return every.T @ every / len(every)


def first_is_own(found: Artists, matrix: np.ndarray) -> float:
    """How often the nearest track by cosine is of the same artist."""
    rows = np.concatenate(found) @ matrix.T
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    own = np.repeat(np.arange(len(found)), [len(vectors) for vectors in found])
    cosines = rows @ rows.T
    np.fill_diagonal(cosines, -2)
    return float((own[cosines.argmax(axis=1)] == own).mean())


def test_scatter_is_the_pooled_covariance() -> None:
    found = artists(20, np.array([0.5, 2.0]))
    differences = np.concatenate([vectors - vectors.mean(axis=0) for vectors in found])
    whole = total(folds_of(found))
    assert (whole.artists, whole.freedom) == (20, 60)
    np.testing.assert_allclose(whole.covariance(0.0), differences.T @ differences / 60)
    assert Scatter.of_artist(found[0][:1]).artists == 0
    many = Scatter.of_artist(np.random.default_rng(1).normal(size=(500, 2)))
    assert (many.artists, many.freedom) == (1, pytest.approx(20))


def test_many_artists_are_believed_and_few_are_not() -> None:
    spread = np.array([3.0, 0.1, 0.1, 1.0, 0.2, 2.0])
    assert choose_shrinkage(folds_of(artists(400, spread))) <= 0.05
    assert choose_shrinkage(folds_of(artists(8, np.ones(6), tracks=2))) >= 0.5
    assert choose_shrinkage(folds_of(artists(400, np.ones(6)))) >= 0.7
    assert choose_shrinkage([Scatter.none(3)] * FOLDS) == 1.0


@given(st.integers(0, 1000), st.sampled_from([0.02, 0.3, 0.9]))
def test_the_map_evens_out_and_keeps_the_mean_length(seed: int, shrinkage: float) -> None:
    draw = np.random.default_rng(seed)
    found = artists(60, draw.uniform(0.1, 3.0, 5), seed=seed)
    within, moments = total(folds_of(found)), moments_of(found)
    matrix = whitening_matrix(within, shrinkage, moments)
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-9)
    even = matrix @ within.covariance(shrinkage) @ matrix
    np.testing.assert_allclose(even, np.eye(5) * even[0, 0], atol=1e-6 * even[0, 0])
    assert np.trace(matrix @ moments @ matrix) == pytest.approx(np.trace(moments))


def test_full_shrinkage_and_constants_change_nothing() -> None:
    found = artists(60, np.array([0.5, 2.0, 1.0]))
    matrix = whitening_matrix(total(folds_of(found)), 1.0, moments_of(found))
    np.testing.assert_allclose(matrix, np.eye(3), atol=1e-9)
    np.testing.assert_array_equal(whitening_matrix(Scatter.none(3), 0.1, np.eye(3)), np.eye(3))


def test_artists_that_it_has_not_seen_are_found_better() -> None:
    spread = np.array([6.0, 0.3, 0.3, 6.0, 0.3, 0.3])
    known, others = artists(200, spread), artists(100, spread, seed=2)
    folds = folds_of(known)
    matrix = whitening_matrix(total(folds), choose_shrinkage(folds), moments_of(known))
    assert first_is_own(others, matrix) > 3 * first_is_own(others, np.eye(6)) > 0


def test_an_artist_has_one_fold_for_good() -> None:
    assert [fold_of(name) for name in ("nobody", "Caf\u00e9", "\udcff")] == [4, 3, 0]
    assert {fold_of(f"artist {place}") for place in range(100)} == set(range(FOLDS))
