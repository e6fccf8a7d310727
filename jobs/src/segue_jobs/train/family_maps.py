"""Fits and applies the linear maps of families, in Spark.

They are principal components of a family with many dimensions, and within-artist whitening of every family.
`similarity.family_maps` does the same for readers of a model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pyspark.ml.feature import PCA, VectorSlicer
from pyspark.ml.functions import array_to_vector, vector_to_array
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - Spark's own convention

from segue_core.contract import Family
from segue_core.features.layout import LAYOUT
from segue_core.similarity.explain import family_slices
from segue_core.similarity.family_maps import FamilyMaps
from segue_core.store.models import FamilyLayout, FamilyMap
from segue_jobs.train import schema
from segue_jobs.train.partition_work import transformed
from segue_jobs.train.whitening import MINIMUM_ARTISTS, choose_shrinkage, total, whitening_matrix
from segue_jobs.train.within_artists import measure

COMPONENTS = 32
"""Of a family whose network determines its dimensions. On 600 tracks of 34 games, 32 components of 200 kept 91 % of the
variance, and the precision; they take less than half of the time and memory of all questions."""


@dataclass(frozen=True)
class Fitted:
    """The maps of a model, and how they came about."""

    maps: tuple[FamilyMap, ...]
    shrinkage: dict[Family, float]
    """Of each whitened family; empty if there are too few artists."""


def fit_maps(
    vectors: DataFrame, families: Sequence[FamilyLayout], artists: DataFrame | None, partitions: int
) -> Fitted:
    """Fit the maps of a model.

    Parameters
    ----------
    vectors
        ``track_id`` and ``weighted``.
    artists
        ``track_id`` and ``artist``; None to whiten nothing.
    partitions
        Number of partitions of the vectors.
    """
    components = _components(vectors, families)
    if artists is None:
        return Fitted(components, {})
    dimensions = sum(len(part.dimensions) for part in families)
    slices = family_slices(families, components)
    width = FamilyMaps.of(components, dimensions).width
    within = measure(mapped(vectors, components, dimensions, partitions), artists, width, partitions)
    if within.artists < MINIMUM_ARTISTS:
        return Fitted(components, {})
    before = {part.family: np.array(part.matrix) for part in components}
    maps, shrinkage, start = [], {}, 0
    for part in families:
        place = slices[part.family]
        folds = [fold.block(place) for fold in within.folds]
        chosen = choose_shrinkage(folds)
        matrix = whitening_matrix(total(folds), chosen, within.moments[place, place])
        if part.family in before:
            matrix = matrix @ before[part.family]
        maps.append(FamilyMap(family=part.family, start=start, matrix=tuple(map(tuple, matrix.tolist()))))
        shrinkage[part.family] = chosen
        start += len(part.dimensions)
    return Fitted(tuple(maps), shrinkage)


def _components(vectors: DataFrame, families: Sequence[FamilyLayout]) -> tuple[FamilyMap, ...]:
    """Principal components of families with many dimensions."""
    maps, start = [], 0
    for part in families:
        end = start + len(part.dimensions)
        if part.family not in LAYOUT and len(part.dimensions) > COMPONENTS:
            slicer = VectorSlicer(inputCol="weighted", outputCol="family", indices=list(range(start, end)))
            fitted = PCA(k=COMPONENTS, inputCol="family", outputCol="components").fit(slicer.transform(vectors))
            matrix = fitted.pc.toArray().T
            maps.append(FamilyMap(family=part.family, start=start, matrix=tuple(map(tuple, matrix.tolist()))))
        start = end
    return tuple(maps)


def mapped(vectors: DataFrame, maps: Sequence[FamilyMap], dimensions: int, partitions: int) -> DataFrame:
    """The vectors after the maps, with the same columns; unchanged if there are no maps."""
    if not maps:
        return vectors
    applied = FamilyMaps.of(maps, dimensions)

    def work(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            flat = np.asarray(batch.column(1).flatten().to_numpy(zero_copy_only=False))
            rows = applied.apply(flat.reshape(batch.num_rows, dimensions))
            offsets = np.arange(batch.num_rows + 1, dtype=np.int32) * rows.shape[1]
            weighted = pa.ListArray.from_arrays(pa.array(offsets), pa.array(rows.ravel()))
            yield pa.RecordBatch.from_arrays([batch.column(0), weighted], ["track_id", "weighted"])

    arrays = vectors.select("track_id", vector_to_array(F.col("weighted")).alias("weighted"))
    rows = transformed(arrays, work, schema.WEIGHTED, partitions)
    return rows.select("track_id", array_to_vector(F.col("weighted")).alias("weighted"))
