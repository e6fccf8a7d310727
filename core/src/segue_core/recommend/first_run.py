"""A first choice for a listener of whom nothing is known: typical tracks that span the catalogue."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from segue_core.recommend.selection import Rules
from segue_core.recommend.space import Space
from segue_core.recommend.track_table import Tracks
from segue_core.similarity.arrays import BLOCK_ROWS, Integers, Singles

FIRST_RUN = 12
"""Tracks of a first choice: enough to find something to like, few enough to look at."""
_CANDIDATES = 64
"""Typical tracks that are kept of each cluster."""


def typical_rows(tracks: Tracks, space: Space) -> tuple[Integers, ...]:
    """Each cluster's rows nearest to its centre, the most typical first; at most 64 a cluster."""
    centres = space.centres / np.maximum(np.linalg.norm(space.centres, axis=1, keepdims=True), 1e-12)
    cosines = np.empty(len(tracks), dtype=np.float32)
    for start in range(0, len(tracks), BLOCK_ROWS):
        rows = np.arange(start, min(start + BLOCK_ROWS, len(tracks)))
        cosines[rows] = np.einsum("nd,nd->n", space.index.vectors(rows), centres[tracks.clusters[rows]])
    cosines[tracks.removed] = -np.inf
    order = np.lexsort((-cosines, tracks.clusters))
    starts = np.searchsorted(tracks.clusters[order], np.arange(len(centres) + 1))
    return tuple(order[start : min(end, start + _CANDIDATES)] for start, end in pairwise(starts))


def spanning_rows(
    tracks: Tracks,
    space: Space,
    typical: tuple[Integers, ...],
    left: Callable[[Integers], Integers],
    count: int,
) -> list[int]:
    """Rows of typical tracks that lie far from each other, one an artist, no recording twice.

    Every cluster gets a track before one gets a second, if there are not too many clusters. Large clusters count more:
    each choice is the track with the largest distance to those chosen before, times the root of its cluster's share.

    Parameters
    ----------
    typical
        From `typical_rows`.
    left
        Keeps the rows that may be chosen.
    count
        Number of tracks wanted; there are fewer only if no others are left.
    """
    rows = left(np.concatenate([np.empty(0, dtype=np.intp), *typical]))
    if not len(rows):
        return []
    clusters = tracks.clusters[rows]
    share = np.sqrt(tracks.cluster_sizes[clusters] / len(tracks))
    heard = np.zeros(len(typical), dtype=np.bool_)
    starts = np.flatnonzero(np.diff(clusters, prepend=-1))
    every = len(starts) <= count
    first = np.arange(len(rows)) - np.repeat(starts, np.diff(starts, append=len(rows)))
    vectors = space.index.vectors(rows)
    apart = np.ones(len(rows), dtype=np.float64)
    open_rows = np.ones(len(rows), dtype=np.bool_)
    rules, chosen = Rules(tracks, rows, vectors, 1), list[int]()
    while open_rows.any() and len(chosen) < count:
        fresh = open_rows & ~heard[clusters] if every else open_rows
        value = np.where(fresh if fresh.any() else open_rows, apart * share, -np.inf).round(6)
        ties = np.flatnonzero(value == value.max())
        best = int(ties[np.lexsort((rows[ties], first[ties]))[0]])
        open_rows[best] = False
        if rules.admit(best) is None:
            chosen.append(int(rows[best]))
            heard[clusters[best]] = True
            apart = np.minimum(apart, _distances(vectors, best))
    return chosen


def _distances(vectors: Singles, place: int) -> Singles:
    distances: Singles = 1.0 - vectors @ vectors[place]
    return distances
