"""Maps the families' raw numbers to unit vectors in the model's space, with MLlib.

`similarity.scaling` does the same in numpy for readers of a model; a test ensures that the two agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from pyspark.ml.feature import ElementwiseProduct, Normalizer, StandardScaler, VectorAssembler
from pyspark.ml.functions import array_to_vector, vector_to_array
from pyspark.ml.linalg import Vectors
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 - Spark's own convention

from segue_core.features import layout
from segue_core.store.models import FamilyLayout, Scaler
from segue_jobs.train.family_maps import fit_maps, mapped

CLIP = 4.0
"""Limit of the deviations: a single broken dimension must not dominate a vector."""
_CONSTANT = 1e-12
"""A deviation below this share of the mean is a constant's rounding error; as in `similarity.scaling`."""
_ZERO_NORM = 1e-9


@dataclass(frozen=True)
class Scaled:
    """A catalogue in the model's space."""

    frame: DataFrame
    """``track_id``, ``unit`` (vector of length 1), ``norm`` (its length before) and ``zero`` (true if it has no
    direction), in a fixed order."""
    scaler: Scaler


def scale(
    joined: DataFrame, families: Sequence[FamilyLayout], partitions: int, artists: DataFrame | None = None
) -> Scaled:
    """Standardise, clip, weight and normalise the features.

    Parameters
    ----------
    joined
        ``track_id`` and an array column per family, complete and finite, in a fixed order.
    families
        The model's layout.
    partitions
        Number of partitions of the features.
    artists
        ``track_id`` and ``artist``, for within-artist whitening.

    Notes
    -----
    If no dimension varies (one track, or copies of one), standardising is impossible: the vectors are then used
    unchanged, with mean 0 and deviation 1, so that every track still has a direction.
    """
    names = [part.family for part in families]
    assembled = VectorAssembler(inputCols=[f"{name}_vector" for name in names], outputCol="raw").transform(
        joined.select("track_id", *(array_to_vector(F.col(name)).alias(f"{name}_vector") for name in names))
    )
    fitted = StandardScaler(withMean=True, withStd=True, inputCol="raw", outputCol="standardised").fit(assembled)
    mean, deviation = fitted.mean.toArray(), fitted.std.toArray()
    varies = deviation > _CONSTANT * np.abs(mean)
    weights = np.array([w for part in families for w in layout.weights(part.family, len(part.dimensions))])
    if varies.any():
        standardised, column, factors = fitted.transform(assembled), "standardised", np.where(varies, weights, 0.0)
        scaler = _scaler(mean, np.where(varies, deviation, 0.0), weights)
    else:
        standardised, column, factors = assembled, "raw", weights
        scaler = _scaler(np.zeros_like(mean), np.ones_like(mean), weights)
    clipped = standardised.select("track_id", _clip(column).alias("clipped"))
    weighted = ElementwiseProduct(scalingVec=Vectors.dense(factors), inputCol="clipped", outputCol="weighted")
    vectors = weighted.transform(clipped)
    found = fit_maps(vectors, families, artists if varies.any() else None, partitions)
    scaler = msgspec.structs.replace(scaler, maps=found.maps, shrinkage=found.shrinkage)
    unit = Normalizer(p=2.0, inputCol="weighted", outputCol="unit").transform(
        mapped(vectors, scaler.maps, len(weights), partitions)
    )
    frame = unit.select("track_id", "unit", _norm("weighted").alias("norm"))
    return Scaled(frame=frame.withColumn("zero", F.col("norm") <= F.lit(_ZERO_NORM)), scaler=scaler)


def _scaler(mean: np.ndarray, deviation: np.ndarray, weights: np.ndarray) -> Scaler:
    return Scaler(
        mean=tuple(mean.tolist()), deviation=tuple(deviation.tolist()), clip=CLIP, weights=tuple(weights.tolist())
    )


def _clip(column: str) -> Column:
    low, high = F.lit(-CLIP), F.lit(CLIP)
    return array_to_vector(
        F.transform(vector_to_array(F.col(column)), lambda value: F.greatest(low, F.least(high, value)))
    )


def _norm(column: str) -> Column:
    squares = F.aggregate(vector_to_array(F.col(column)), F.lit(0.0), lambda total, value: total + value * value)
    return F.sqrt(squares)
