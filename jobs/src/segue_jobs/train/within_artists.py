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
from segue_jobs.train import schema
from segue_jobs.train.artist_sums import ALL, report, sums_of
from segue_jobs.train.partition_work import collected
from segue_jobs.train.whitening import FOLDS, Scatter


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


def measure(vectors: DataFrame, artists: DataFrame, dimensions: int, partitions: int) -> WithinArtists:
    """Sum over all artists, fold by fold.

    Parameters
    ----------
    vectors
        ``track_id`` and ``weighted``.
    artists
        ``track_id`` and ``artist``, null or empty if unknown.
    partitions
        Number of partitions to divide the artists into.
    """

    def work(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        yield report(sums_of(batches, dimensions))

    by_artist = (
        vectors.select("track_id", vector_to_array(F.col("weighted")).alias("weighted"))
        .join(artists.select("track_id", F.lower(F.trim("artist")).alias("artist")), "track_id", "left")
        .repartition(partitions, "artist")
        # In one order, so that the same catalogue always gives the same sums.
        .sortWithinPartitions("artist", "track_id")
        .select("artist", "weighted")
    )
    rows = collected(by_artist, work, schema.ARTIST_SUMS, partitions).to_pylist()
    folds = [Scatter.none(dimensions) for _ in range(FOLDS)]
    moments, tracks = np.zeros((dimensions, dimensions)), 0
    for row in sorted(rows, key=lambda row: (row["fold"], row["freedom"], row["tracks"])):
        products = np.array(row["products"]).reshape(dimensions, dimensions)
        if row["fold"] == ALL:
            moments, tracks = moments + products, tracks + row["tracks"]
        else:
            folds[row["fold"]] += Scatter(row["artists"], row["freedom"], products)
    return WithinArtists(tuple(folds), moments / max(tracks, 1))
