"""The model's space: from the families' raw numbers to unit vectors, with MLlib.

`similarity.scaling` is the same in numpy, for those who read a model; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pyspark.ml.feature import ElementwiseProduct, Normalizer, StandardScaler, VectorAssembler
from pyspark.ml.functions import array_to_vector, vector_to_array
from pyspark.ml.linalg import Vectors
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 - Spark's own convention

from segue_jobs.contract import Family
from segue_jobs.features import layout
from segue_jobs.models import Scaler

CLIP = 4.0
"""Deviations beyond which a number says no more: one broken dimension must not rule a vector."""
PARTITION_TRACKS = 10_000
"""Tracks of one partition: few, as a clustering's every iteration is a job, and given by the catalogue alone, as the
order of rows and of sums must not depend on the machines."""
_CONSTANT = 1e-12
"""A deviation below this share of the mean is the rounding error of a constant; as `similarity.scaling`."""
_ZERO_NORM = 1e-9


@dataclass(frozen=True)
class Scaled:
    """A catalogue in the model's space."""

    frame: DataFrame
    """``track_id``, ``unit`` (vector of length 1) and ``zero`` (true where there is none); sorted, partitions fixed."""
    scaler: Scaler


def partitions_for(tracks: int) -> int:
    """Partitions of a catalogue of so many tracks."""
    return max(1, -(-tracks // PARTITION_TRACKS))


def scale(joined: DataFrame, families: Sequence[Family]) -> Scaled:
    """Standardise, clip, weigh and normalise.

    Parameters
    ----------
    joined
        ``track_id`` and an array column a family, complete and finite, in fixed order.
    families
        In the order of the model's layout.

    Notes
    -----
    Where no dimension varies (one track, or copies of one) there is nothing to standardise by: the vectors are then
    taken as they are, with mean 0 and deviation 1, so that every track still has a direction.
    """
    assembled = VectorAssembler(inputCols=[f"{family}_vector" for family in families], outputCol="raw").transform(
        joined.select("track_id", *(array_to_vector(F.col(family)).alias(f"{family}_vector") for family in families))
    )
    fitted = StandardScaler(withMean=True, withStd=True, inputCol="raw", outputCol="standardised").fit(assembled)
    mean, deviation = fitted.mean.toArray(), fitted.std.toArray()
    varies = deviation > _CONSTANT * np.abs(mean)
    weights = np.array([weight for family in families for weight in layout.weights(family)])
    if varies.any():
        standardised, column, factors = fitted.transform(assembled), "standardised", np.where(varies, weights, 0.0)
        scaler = _scaler(mean, np.where(varies, deviation, 0.0), weights)
    else:
        standardised, column, factors = assembled, "raw", weights
        scaler = _scaler(np.zeros_like(mean), np.ones_like(mean), weights)
    clipped = standardised.select("track_id", _clip(column).alias("clipped"))
    weighted = ElementwiseProduct(scalingVec=Vectors.dense(factors), inputCol="clipped", outputCol="weighted")
    unit = Normalizer(p=2.0, inputCol="weighted", outputCol="unit").transform(weighted.transform(clipped))
    return Scaled(frame=unit.select("track_id", "unit", _is_zero("weighted").alias("zero")), scaler=scaler)


def _scaler(mean: np.ndarray, deviation: np.ndarray, weights: np.ndarray) -> Scaler:
    return Scaler(
        mean=tuple(mean.tolist()), deviation=tuple(deviation.tolist()), clip=CLIP, weights=tuple(weights.tolist())
    )


def _clip(column: str) -> Column:
    low, high = F.lit(-CLIP), F.lit(CLIP)
    return array_to_vector(
        F.transform(vector_to_array(F.col(column)), lambda value: F.greatest(low, F.least(high, value)))
    )


def _is_zero(column: str) -> Column:
    """Whether no number differs from 0 by more than rounding."""
    return ~F.exists(vector_to_array(F.col(column)), lambda value: F.abs(value) > F.lit(_ZERO_NORM))
