"""A catalogue as a plane: where each track lies on a map, and which tracks are typical of a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segue_core.similarity.arrays import BLOCK_ROWS

Floats = NDArray[np.floating]
Indexes = NDArray[np.integer]


@dataclass(frozen=True)
class Projection:
    """Points in the plane, and how much of the space's variance they keep."""

    points: NDArray[np.float64]
    """(n, 2)"""
    explained: tuple[float, float]
    """Share of the variance along each axis."""


def project(vectors: Floats) -> Projection:
    """Two principal components of the vectors; signs are fixed, so that the same model gives the same map.

    Parameters
    ----------
    vectors
        (n, d) in the model's space.
    """
    mean: NDArray[np.float64] = np.asarray(np.mean(vectors, axis=0, dtype=np.float64))
    covariance = np.zeros((len(mean), len(mean)))
    for _, block in _centred(vectors, mean):
        covariance += block.T @ block
    points = np.zeros((len(vectors), 2))
    explained = np.zeros(2)
    values, axes = np.linalg.eigh(covariance)
    total = max(float(values.sum()), np.finfo(np.float64).tiny)
    for column in range(min(2, len(values))):
        axis = axes[:, -1 - column]
        axis = axis * np.sign(axis[np.argmax(np.abs(axis))])
        for place, block in _centred(vectors, mean):
            points[place, column] = block @ axis
        explained[column] = max(float(values[-1 - column]), 0.0) / total
    return Projection(points, (float(explained[0]), float(explained[1])))


def _centred(vectors: Floats, mean: NDArray[np.float64]) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    for start in range(0, len(vectors), BLOCK_ROWS):
        place = slice(start, start + BLOCK_ROWS)
        yield place, vectors[place] - mean


def most_typical(vectors: Floats, clusters: Indexes, cluster: int, count: int) -> list[int]:
    """Rows of a cluster nearest to its mean."""
    members = np.flatnonzero(clusters == cluster)
    distances = np.linalg.norm(vectors[members] - vectors[members].mean(axis=0), axis=1)
    return [int(row) for row in members[np.argsort(distances, kind="stable")[:count]]]
