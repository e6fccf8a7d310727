"""Cells for search."""

from __future__ import annotations

import numpy as np
import pytest

from segue_core.similarity import cells
from segue_core.similarity.cells import cell_count, make_cells
from segue_core.similarity.search import CellIndex
from support.synthetic_model import unit_rows


@pytest.mark.parametrize(
    ("tracks", "count"), [(0, 1), (8192, 1), (8193, 128), (106_574, 256), (1_000_000, 1024), (9_000_000, 1024)]
)
def test_cells_grow_with_the_root_of_the_catalogue(tracks: int, count: int) -> None:
    assert cell_count(tracks) == count


def test_a_small_catalogue_is_one_cell_and_an_empty_one_is_handled() -> None:
    found, centres = make_cells(unit_rows(50, 5))
    assert (found.tolist(), centres.shape) == ([0] * 50, (1, 5))
    assert make_cells(np.empty((0, 5), dtype=np.float32))[1].shape == (1, 5)


def test_most_neighbours_are_in_the_nearest_cells_and_the_same_vectors_give_the_same_cells(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cells, "_SMALL", 100)
    random = np.random.default_rng(1)
    blobs = random.normal(size=(40, 12))[random.integers(40, size=4000)] + 0.4 * random.normal(size=(4000, 12))
    vectors = (blobs / np.linalg.norm(blobs, axis=1, keepdims=True)).astype(np.float32)
    found, centres = make_cells(vectors)
    again = make_cells(vectors)
    np.testing.assert_array_equal(found, again[0])
    assert len(centres) == cell_count(4000) == 64
    np.testing.assert_allclose(np.linalg.norm(centres, axis=1), 1.0, atol=1e-5)
    index, shares = CellIndex(vectors, found, centres), []
    for row in range(0, 4000, 100):
        exact = np.argsort(-(vectors @ vectors[row]))[:50]
        shares.append(len(np.intersect1d(exact, index.search(vectors[row], 50, probes=8).rows)) / 50)
    assert np.mean(shares) >= 0.95
