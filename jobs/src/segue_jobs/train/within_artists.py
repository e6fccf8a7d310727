"""Measures within Spark how tracks differ from their artist's mean, for `whitening`: one job over the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pyspark.ml.functions import vector_to_array
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - Spark's own convention

from segue_core.similarity.arrays import Doubles
from segue_jobs.train.whitening import FOLDS, Scatter, fold_of

_SUMS = "fold int, artists int, freedom double, tracks long, products array<double>"
_ALL = -1
"""Stands for the moments of all tracks."""


@dataclass(frozen=True)
class WithinArtists:
    """What whitening needs to know of a catalogue."""

    folds: tuple[Scatter, ...]
    moments: Doubles
    """(d, d) mean of the outer products of all vectors."""

    @property
    def artists(self) -> int:
        """Artists of two or more tracks."""
        return sum(fold.artists for fold in self.folds)


def measure(vectors: DataFrame, artists: DataFrame, dimensions: int) -> WithinArtists:
    """Sum over all artists, fold by fold.

    Parameters
    ----------
    vectors
        ``track_id`` and ``weighted``.
    artists
        ``track_id`` and ``artist``, null or empty if unknown.
    """

    def work(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        yield _report(_sums(batches, dimensions))

    rows = (
        vectors.select("track_id", vector_to_array(F.col("weighted")).alias("weighted"))
        .join(artists.select("track_id", F.lower(F.trim("artist")).alias("artist")), "track_id", "left")
        .repartition(vectors.rdd.getNumPartitions(), "artist")
        # In one order, so that the same catalogue always gives the same sums.
        .sortWithinPartitions("artist", "track_id")
        .select("artist", "weighted")
        .mapInArrow(work, _SUMS)
        .collect()
    )
    folds = [Scatter.none(dimensions) for _ in range(FOLDS)]
    moments, tracks = np.zeros((dimensions, dimensions)), 0
    for row in sorted(rows, key=lambda row: (row["fold"], row["freedom"], row["tracks"])):
        products = np.array(row["products"]).reshape(dimensions, dimensions)
        if row["fold"] == _ALL:
            moments, tracks = moments + products, tracks + row["tracks"]
        else:
            folds[row["fold"]] += Scatter(row["artists"], row["freedom"], products)
    return WithinArtists(tuple(folds), moments / max(tracks, 1))


def _sums(batches: Iterable[pa.RecordBatch], dimensions: int) -> dict[int, tuple[Scatter, int]]:
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
    return {**{fold: (scatter, 0) for fold, scatter in folds.items()}, _ALL: (Scatter(0, 0.0, moments), tracks)}


def _report(sums: dict[int, tuple[Scatter, int]]) -> pa.RecordBatch:
    columns = {
        "fold": pa.array(list(sums), pa.int32()),
        "artists": pa.array([scatter.artists for scatter, _ in sums.values()], pa.int32()),
        "freedom": pa.array([scatter.freedom for scatter, _ in sums.values()], pa.float64()),
        "tracks": pa.array([tracks for _, tracks in sums.values()], pa.int64()),
        "products": pa.array([scatter.products.ravel() for scatter, _ in sums.values()], pa.list_(pa.float64())),
    }
    return pa.RecordBatch.from_pydict(columns)
