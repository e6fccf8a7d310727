"""Mutual proximity: how near two tracks are from both points of view, so that no track is everybody's neighbour.

Distances in many dimensions produce hubs, tracks that appear in far too many lists, and anti-hubs, which appear in
none.
Mutual proximity therefore compares a distance with the usual distances of both tracks.

Source: Schnitzer, Flexer, Schedl, Widmer, Local and Global Scaling Reduce Hubs in Space, JMLR 13 (2012), in the variant
with independent normal distributions. Their parameters are exact and need no sample: the cosine distance of a unit
vector x to a track y drawn from the catalogue is ``1 - x·y``, so with mean m and covariance C of the catalogue's unit
vectors, its mean is ``1 - x·m`` and its variance ``xᵀCx``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from segue_core.similarity.arrays import BLOCK_ROWS, Booleans, Doubles, Integers, Singles
from segue_core.store.models import SpaceMoments

_MINIMUM_DEVIATION = 1e-6


@dataclass(frozen=True)
class ProximityStatistics:
    """Mean and deviation (``ddof=0``) of the cosine distances to the catalogue's tracks; both (n,)."""

    mean: Doubles
    deviation: Doubles

    def take(self, rows: Integers) -> ProximityStatistics:
        """Statistics of these rows."""
        return ProximityStatistics(mean=self.mean[rows], deviation=self.deviation[rows])


@dataclass(frozen=True)
class MomentSums:
    """Sums over some unit vectors; those of a whole catalogue are the sum of those of its parts."""

    tracks: int
    total: Doubles
    """(d,) sum of the vectors."""
    products: Doubles
    """(d, d) sum of their outer products."""

    @classmethod
    def of(cls, vectors: Singles) -> Self:
        """Sums over (n, d) unit rows."""
        width = vectors.shape[1]
        total, products = np.zeros(width), np.zeros((width, width))
        for start in range(0, len(vectors), BLOCK_ROWS):
            block = vectors[start : start + BLOCK_ROWS].astype(np.float64)
            total += block.sum(axis=0)
            products += block.T @ block
        return cls(len(vectors), total, products)

    def __add__(self, other: MomentSums) -> MomentSums:
        return MomentSums(self.tracks + other.tracks, self.total + other.total, self.products + other.products)

    def moments(self) -> Moments:
        """Mean and covariance (``ddof=0``); zero for no vectors."""
        mean = self.total / max(1, self.tracks)
        covariance = self.products / max(1, self.tracks) - np.outer(mean, mean)
        return Moments(self.tracks, mean, 0.5 * (covariance + covariance.T))


@dataclass(frozen=True)
class Moments:
    """Mean and covariance of a catalogue's unit vectors: from them follow the usual distances of any vector."""

    tracks: int
    """Number of tracks that they describe."""
    mean: Doubles
    """(d,)"""
    covariance: Doubles
    """(d, d), symmetric."""

    @classmethod
    def of(cls, vectors: Singles) -> Moments:
        """Moments of (n, d) unit rows."""
        return MomentSums.of(vectors).moments()

    @classmethod
    def from_model(cls, stored: SpaceMoments, dimensions: int) -> Self:
        """Read a model's moments.

        Raises
        ------
        ValueError
            A part has another length than the model's vectors, or a number is not finite.
        """
        mean = np.asarray(stored.mean, dtype=np.float64)
        if mean.shape != (dimensions,) or [len(row) for row in stored.covariance] != list(range(1, dimensions + 1)):
            raise ValueError(f"moments: they are not those of vectors with {dimensions} dimensions")
        covariance = np.zeros((dimensions, dimensions))
        covariance[np.tril_indices(dimensions)] = [value for row in stored.covariance for value in row]
        covariance += np.tril(covariance, -1).T
        if not (np.isfinite(mean).all() and np.isfinite(covariance).all()):
            raise ValueError("moments: a number is not finite")
        return cls(stored.tracks, mean, covariance)

    def stored(self) -> SpaceMoments:
        """As a model keeps them."""
        rows = tuple(tuple(self.covariance[row, : row + 1].tolist()) for row in range(len(self.mean)))
        return SpaceMoments(tracks=self.tracks, mean=tuple(self.mean.tolist()), covariance=rows)

    def usual(self, vectors: Singles, *, members: Booleans | None = None) -> ProximityStatistics:
        """Each row's usual distance: mean and deviation of its cosine distances to the catalogue's tracks.

        Parameters
        ----------
        vectors
            (n, d) unit rows.
        members
            (n,) whether a row is one of the tracks that the moments describe: its distance to itself, 0, does not
            count. By default, none is.

        Returns
        -------
        Statistics of shape (n,). Without any (other) track, the mean is 1 (a right angle) and the deviation 0.
        """
        mean, squares = np.empty(len(vectors)), np.empty(len(vectors))
        for start in range(0, len(vectors), BLOCK_ROWS):
            block = slice(start, start + BLOCK_ROWS)
            rows = vectors[block].astype(np.float64)
            mean[block] = 1.0 - rows @ self.mean
            squares[block] = np.einsum("nd,nd->n", rows @ self.covariance, rows) + mean[block] ** 2
        others = np.full(len(vectors), float(self.tracks))
        if members is not None:
            others -= members
            # A sum over all tracks has a 0 for the row itself: divided by the number of the others, it leaves it out.
            factor = self.tracks / np.maximum(others, 1.0)
            mean, squares = mean * factor, squares * factor
        alone = others <= 0
        mean[alone], squares[alone] = 1.0, 1.0
        return ProximityStatistics(mean=mean, deviation=np.sqrt(np.maximum(squares - mean**2, 0.0)))


_erfc = np.frompyfunc(math.erfc, 1, 1)


def _share_nearer(distances: Doubles, statistics: ProximityStatistics) -> Doubles:
    deviation = np.maximum(statistics.deviation, _MINIMUM_DEVIATION)
    standardised = (distances - statistics.mean) / deviation
    return 0.5 * np.asarray(_erfc(standardised / -math.sqrt(2.0)), dtype=np.float64)


def mutual_proximity_distance(distances: Doubles, left: ProximityStatistics, right: ProximityStatistics) -> Doubles:
    """``1 - P(X > d) P(Y > d)``, with normal X and Y, the usual distances of the two tracks; 0 is nearest, 1 farthest.

    Computed from the lower tails as ``F + G - F G``, which still distinguishes very small distances (for which the
    product itself would round to 1).

    Parameters
    ----------
    distances
        Cosine distances, of any shape.
    left, right
        Statistics of the two tracks of each distance; their shapes broadcast.
    """
    nearer_left, nearer_right = _share_nearer(distances, left), _share_nearer(distances, right)
    return nearer_left + nearer_right - nearer_left * nearer_right
