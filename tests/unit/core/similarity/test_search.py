"""Exact search within cells."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue_core.similarity.cosines import centre_distances, exact_cosines, nearest_cells
from segue_core.similarity.search import CellIndex
from support.synthetic_model import unit_rows


def brute_force(vectors: np.ndarray, query: np.ndarray, count: int, allowed: np.ndarray) -> list[int]:
    cosines = exact_cosines(vectors, query)
    rows = sorted(np.flatnonzero(allowed).tolist(), key=lambda row: (-cosines[row], row))
    return rows[:count]


@st.composite
def searches(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, int, np.ndarray]:
    """Vectors with many equal rows, so that ties occur; cells are unrelated to proximity."""
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    count, k = draw(st.integers(1, 60)), draw(st.integers(1, 8))
    distinct = unit_rows(draw(st.integers(1, 20)), 7, seed=draw(st.integers(0, 99)))
    vectors = distinct[random.integers(len(distinct), size=count)]
    allowed = random.random(count) < draw(st.sampled_from([0.05, 0.5, 1.0]))
    return vectors, random.integers(k, size=count), unit_rows(k, 7, seed=3), draw(st.integers(1, 70)), allowed


@given(searches())
@settings(max_examples=200)
def test_probing_all_cells_equals_brute_force_ties_included(search) -> None:
    vectors, cells, centres, count, allowed = search
    index = CellIndex(vectors, cells, centres)
    found = index.search(vectors[0], count, probes=len(centres), allowed=allowed)
    assert found.rows.tolist() == brute_force(vectors, vectors[0], count, allowed)
    np.testing.assert_array_equal(found.cosines, exact_cosines(vectors[found.rows], vectors[0]))


@given(searches(), st.integers(1, 8))
def test_as_many_rows_are_found_as_are_allowed_however_few_cells_are_probed(search, probes: int) -> None:
    vectors, cells, centres, count, allowed = search
    found = CellIndex(vectors, cells, centres).search(vectors[0], count, probes=probes, allowed=allowed)
    assert len(found.rows) == min(count, int(allowed.sum()))
    assert allowed[found.rows].all()
    assert len(set(found.rows.tolist())) == len(found.rows)


@given(searches(), st.integers(1, 8), st.integers(0, 20), st.booleans())
def test_a_search_without_a_mask_finds_what_comparing_row_by_row_finds(search, probes, later, denying: bool) -> None:
    vectors, cells, centres, count, allowed = search
    index = CellIndex(vectors, cells, centres).extended(unit_rows(later + 1, 7, seed=5)[:later])
    denied = np.flatnonzero(~allowed) if denying else None
    found = index.search(vectors[0], count, probes=probes, denied=denied)
    by_hand = [row for row in range(len(index)) if denied is None or row not in denied]
    exact = exact_cosines(index.vectors(np.arange(len(index))), vectors[0])
    assert set(found.rows.tolist()) <= set(by_hand)
    assert len(found.rows) == min(count, len(by_hand))
    np.testing.assert_array_equal(found.cosines, exact[found.rows])
    if probes >= len(centres):
        assert found.rows.tolist() == sorted(by_hand, key=lambda row: (-exact[row], row))[:count]


@given(searches())
def test_the_order_in_which_rows_are_stored_does_not_change_what_is_found(search) -> None:
    vectors, cells, centres, count, allowed = search
    order = np.random.default_rng(0).permutation(len(vectors))
    one = CellIndex(vectors, cells, centres).search(vectors[0], count, probes=2, allowed=allowed)
    other = CellIndex(vectors[order], cells[order], centres).search(vectors[0], count, probes=2, allowed=allowed[order])
    np.testing.assert_array_equal(one.cosines, other.cosines)


def test_only_the_nearest_cells_are_searched() -> None:
    centres = np.eye(3, dtype=np.float32)
    vectors = np.repeat(centres, 5, axis=0)
    index = CellIndex(vectors, np.repeat(np.arange(3), 5), centres)
    found = index.search(np.array([0.8, 0.6, 0.0], dtype=np.float32), 10, probes=1)
    assert found.rows.tolist() == list(range(10))
    assert found.probed == 2


def test_a_filter_that_few_tracks_pass_widens_the_search() -> None:
    centres = np.eye(3, dtype=np.float32)
    vectors = np.repeat(centres, 5, axis=0)
    index = CellIndex(vectors, np.repeat(np.arange(3), 5), centres)
    allowed = np.zeros(15, dtype=bool)
    allowed[[0, 14]] = True
    found = index.search(centres[0], 2, probes=1, allowed=allowed)
    assert found.rows.tolist() == [0, 14]
    assert found.probed == 3


def test_empty_cells_and_an_empty_index_are_handled() -> None:
    centres = unit_rows(4, 5)
    assert CellIndex(np.empty((0, 5), np.float32), np.empty(0, int), centres).search(centres[0], 3).rows.tolist() == []
    assert CellIndex(centres[:1], np.array([3]), centres).search(centres[0], 3, probes=1).rows.tolist() == [0]


@pytest.mark.parametrize(
    ("cells", "centres", "problem"),
    [
        (np.array([0]), unit_rows(2, 5), "2 vectors, but cells of shape"),
        (np.array([0, 2]), unit_rows(2, 5), "numbered 0 to 2, but there are 2"),
        (np.array([-1, 0]), unit_rows(2, 5), "numbered -1 to 0"),
        (np.array([0, 1]), unit_rows(2, 4), "do not match"),
        (np.array([0, 1]), np.empty((0, 5), np.float32), "do not match"),
    ],
)
def test_cells_and_centres_that_do_not_match_are_refused(cells, centres, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        CellIndex(unit_rows(2, 5), cells, centres)


def test_cells_are_ranked_by_euclidean_distance_if_centres_are_not_unit_vectors() -> None:
    vectors, centres = unit_rows(50, 6), 0.5 * unit_rows(8, 6, seed=2) * np.arange(1, 9, dtype=np.float32)[:, None] / 4
    expected = np.linalg.norm(vectors[:, None] - centres[None], axis=2).argsort(axis=1)
    np.testing.assert_array_equal(nearest_cells(vectors, centres, 8), expected)


def test_the_distance_to_a_centre_is_the_cosine_distance_whatever_its_length() -> None:
    vectors, centres = unit_rows(20, 6), unit_rows(3, 6, seed=2)
    cells = np.arange(20) % 3
    expected = 1.0 - np.einsum("nd,nd->n", vectors.astype(float), centres[cells].astype(float))
    np.testing.assert_allclose(centre_distances(vectors, 7.0 * centres, cells), expected, atol=1e-6)
    np.testing.assert_array_equal(centre_distances(vectors, 0.0 * centres, cells), 1.0)
