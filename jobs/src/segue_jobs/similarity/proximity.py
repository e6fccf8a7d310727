"""Mutual proximity: how near two tracks are as seen from both, so that no track is everybody's neighbour.

Distances in many dimensions make hubs, tracks that stand in far too many lists, and anti-hubs, which stand in none.
A distance is therefore read against what is usual for each of the two tracks.

Source: Schnitzer, Flexer, Schedl, Widmer, Local and Global Scaling Reduce Hubs in Space, JMLR 13 (2012), in its form
with independent normal distributions whose parameters come from a sample of the catalogue.
"""

from __future__ import annotations

import hashlib
import heapq
import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from segue_jobs.similarity.arrays import BLOCK_ROWS, Doubles, Integers, Singles

REFERENCE_TRACKS = 100
_MINIMUM_DEVIATION = 1e-6


@dataclass(frozen=True)
class ProximityStatistics:
    """Mean and deviation (``ddof=0``) of the cosine distances to the reference tracks; both (n,)."""

    mean: Doubles
    deviation: Doubles

    def take(self, rows: Integers) -> ProximityStatistics:
        """Statistics of these rows."""
        return ProximityStatistics(mean=self.mean[rows], deviation=self.deviation[rows])


def choose_reference(ids: Iterable[str], *, seed: int, count: int = REFERENCE_TRACKS) -> tuple[str, ...]:
    """Draw the reference tracks: at random, yet the same for the same ids and seed in any order.

    A catalogue that grows keeps most of its reference tracks.
    """

    def drawn(track_id: str) -> tuple[bytes, str]:
        key = f"{seed}:{track_id}".encode("utf-8", "surrogateescape")
        return hashlib.blake2b(key, digest_size=16).digest(), track_id

    return tuple(heapq.nsmallest(count, set(ids), key=drawn))


def proximity_statistics(vectors: Singles, reference: Singles, *, own: Integers | None = None) -> ProximityStatistics:
    """Each row's usual distance: statistics of its cosine distances to the reference tracks.

    Parameters
    ----------
    vectors
        (n, d) unit rows.
    reference
        (r, d) unit rows of the reference tracks.
    own
        (n,) number of the reference track that a row is itself, -1 for none: the distance to oneself does not count.

    Returns
    -------
    Statistics of (n,). A row without any other reference track gets the mean 1 (a right angle) and deviation 0.
    """
    mean, deviation = np.ones(len(vectors)), np.zeros(len(vectors))
    for start in range(0, len(vectors), BLOCK_ROWS):
        block = slice(start, start + BLOCK_ROWS)
        distances = 1.0 - (vectors[block] @ reference.T).astype(np.float64)
        counted = np.ones(distances.shape, dtype=np.bool_)
        if own is not None:
            itself = np.flatnonzero(own[block] >= 0)
            counted[itself, own[block][itself]] = False
        number = counted.sum(axis=1)
        known = number > 0
        mean[block][known] = np.where(counted, distances, 0.0).sum(axis=1)[known] / number[known]
        squares = np.where(counted, (distances - mean[block][:, None]) ** 2, 0.0).sum(axis=1)
        deviation[block][known] = np.sqrt(squares[known] / number[known])
    return ProximityStatistics(mean=mean, deviation=deviation)


_erfc = np.frompyfunc(math.erfc, 1, 1)


def _share_nearer(distances: Doubles, statistics: ProximityStatistics) -> Doubles:
    deviation = np.maximum(statistics.deviation, _MINIMUM_DEVIATION)
    standardised = (distances - statistics.mean) / deviation
    return 0.5 * np.asarray(_erfc(standardised / -math.sqrt(2.0)), dtype=np.float64)


def mutual_proximity_distance(distances: Doubles, left: ProximityStatistics, right: ProximityStatistics) -> Doubles:
    """``1 - P(X > d) P(Y > d)`` with X, Y normal, the usual distances of the two tracks; 0 is nearest, 1 farthest.

    Computed from the lower tails, ``F + G - F G``, which keeps apart what is very near (the product itself would
    round to 1).

    Parameters
    ----------
    distances
        Cosine distances, of any shape.
    left, right
        Statistics of the two tracks of each distance, of a shape that broadcasts.
    """
    nearer_left, nearer_right = _share_nearer(distances, left), _share_nearer(distances, right)
    return nearer_left + nearer_right - nearer_left * nearer_right
