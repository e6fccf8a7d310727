"""Sums over the artists of one partition, for `within_artists`; runs in a task, so it does not import MLlib."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from segue_core.similarity.arrays import Doubles
from segue_jobs.train.whitening import FOLDS, Scatter, fold_of

ALL = -1
"""Stands for the moments of all tracks."""


def sums_of(batches: Iterable[pa.RecordBatch], dimensions: int) -> dict[int, tuple[Scatter, int]]:
    """Of one partition, whose rows are in the order of their artists: fold -> sums and number of tracks."""
    folds = {fold: Scatter.none(dimensions) for fold in range(FOLDS)}
    moments, tracks = np.zeros((dimensions, dimensions)), 0
    artist: str | None = None
    held: list[Doubles] = []

    def settle() -> None:
        if artist and held:
            folds[fold_of(artist)] += Scatter.of_artist(np.concatenate(held))

    for batch in filter(len, batches):
        flat = np.asarray(batch.column(1).flatten().to_numpy(zero_copy_only=False))
        vectors = flat.reshape(batch.num_rows, dimensions)
        moments += vectors.T @ vectors
        tracks += batch.num_rows
        names = batch.column(0).to_pylist()
        starts = [row for row, name in enumerate(names) if not row or name != names[row - 1]]
        for start, end in zip(starts, [*starts[1:], len(names)], strict=True):
            if names[start] != artist:
                settle()
                artist, held = names[start], []
            if artist:
                held.append(vectors[start:end])
    settle()
    return {**{fold: (scatter, 0) for fold, scatter in folds.items()}, ALL: (Scatter(0, 0.0, moments), tracks)}


def report(sums: dict[int, tuple[Scatter, int]]) -> pa.RecordBatch:
    """The sums of `sums_of` as a batch with `schema.ARTIST_SUMS`."""
    columns = {
        "fold": pa.array(list(sums), pa.int32()),
        "artists": pa.array([scatter.artists for scatter, _ in sums.values()], pa.int32()),
        "freedom": pa.array([scatter.freedom for scatter, _ in sums.values()], pa.float64()),
        "tracks": pa.array([tracks for _, tracks in sums.values()], pa.int64()),
        "products": pa.array([scatter.products.ravel() for scatter, _ in sums.values()], pa.list_(pa.float64())),
    }
    return pa.RecordBatch.from_pydict(columns)
