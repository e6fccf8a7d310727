"""Neighbour lists for many queries."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_core.similarity.cosines import exact_cosines, nearest_cells
from segue_core.similarity.proximity import Moments, mutual_proximity_distance
from segue_core.similarity.search import CellIndex
from segue_jobs.train import neighbours
from segue_jobs.train.neighbours import Cells, Groups, neighbour_lists
from support.synthetic_model import unit_rows


def expected(vectors: np.ndarray, row: int, count: int, allowed: np.ndarray) -> list[int]:
    cosines = exact_cosines(vectors, vectors[row])
    rows = sorted(np.flatnonzero(allowed).tolist(), key=lambda other: (-cosines[other], other))[:count]
    return rows + [-1] * (count - len(rows))


@given(st.integers(1, 40), st.integers(1, 12), st.integers(0, 99), st.booleans())
def test_lists_are_those_of_brute_force_with_and_without_artist_filter(count, k, seed, filtered) -> None:
    vectors = unit_rows(count, 6, seed)
    labels = [None if row % 7 == 3 else f"artist {row % 4}" for row in range(count)]
    lists = neighbour_lists(vectors, k, artists=Groups.from_labels(labels) if filtered else None)
    for row in range(count):
        allowed = np.arange(count) != row
        if filtered and labels[row] is not None:
            allowed &= np.array([label != labels[row] for label in labels])
        assert lists[row].tolist() == expected(vectors, row, k, allowed)


def test_a_sample_of_queries_and_small_blocks_give_the_same_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = unit_rows(300, 8)
    whole = neighbour_lists(vectors, 5)
    monkeypatch.setattr(neighbours, "_BLOCK_BYTES", 4 * 300 * 7)
    sample = np.array([5, 250, 17])
    np.testing.assert_array_equal(neighbour_lists(vectors, 5, queries=sample), whole[sample])
    np.testing.assert_array_equal(neighbour_lists(vectors, 5), whole)


def test_lists_through_cells_are_what_the_index_finds() -> None:
    vectors, centres = unit_rows(200, 8), unit_rows(40, 8, seed=2)
    cells = nearest_cells(vectors, centres, 1)[:, 0]
    index = CellIndex(vectors, cells, centres)
    lists = neighbour_lists(vectors, 9, cells=Cells(cells, centres, probes=2))
    for row in range(200):
        found = index.search(vectors[row], 9, probes=2, denied=np.array([row]))
        assert lists[row].tolist() == found.rows.tolist()


def test_mutual_proximity_orders_the_pool_of_the_nearest_and_nothing_else() -> None:
    vectors = unit_rows(120, 10)
    found = Moments.of(vectors).usual(vectors)
    pools, lists = neighbour_lists(vectors, 20), neighbour_lists(vectors, 6, proximity=found, pool=20)
    for row in range(120):
        pool = pools[row]
        apart = 1 - exact_cosines(vectors[pool], vectors[row])
        distances = mutual_proximity_distance(apart, found.take(np.array([row])), found.take(pool))
        assert lists[row].tolist() == pool[np.lexsort((pool, distances))][:6].tolist()
