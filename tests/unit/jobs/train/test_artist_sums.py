"""What a task of Spark sums over artists does not depend on how its rows are cut into batches."""

from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from segue_jobs.train.artist_sums import ALL, report, sums_of
from segue_jobs.train.whitening import Scatter

VECTORS = np.random.default_rng(1).normal(size=(60, 3))
ARTISTS = [None] * 7 + sorted(f"artist {place % 9}" for place in range(53))


def batch(begin: int, end: int) -> pa.RecordBatch:
    columns = [
        pa.array(ARTISTS[begin:end], pa.string()),
        pa.array(list(VECTORS[begin:end]), pa.list_(pa.float64())),
    ]
    return pa.RecordBatch.from_arrays(columns, ["artist", "weighted"])


@given(st.lists(st.integers(0, 60), max_size=6).map(sorted))
def test_sums_are_those_of_whole_artists(cuts: list[int]) -> None:
    edges = [0, *cuts, 60]
    rows = report(sums_of((batch(*pair) for pair in itertools.pairwise(edges)), 3)).to_pylist()
    products, artists = np.zeros((3, 3)), 0
    for row in rows:
        if row["fold"] == ALL:
            np.testing.assert_allclose(np.array(row["products"]).reshape(3, 3), VECTORS.T @ VECTORS)
            assert row["tracks"] == 60
        else:
            products += np.array(row["products"]).reshape(3, 3)
            artists += row["artists"]
    own = [VECTORS[[place for place, name in enumerate(ARTISTS) if name == artist]] for artist in set(ARTISTS) - {None}]
    np.testing.assert_allclose(products, sum(Scatter.of_artist(vectors).products for vectors in own))
    assert artists == 9
