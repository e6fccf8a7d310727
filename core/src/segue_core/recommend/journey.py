"""Journeys: tracks that lead from one to another in small hops, through music that exists.

The straight line between two tracks mostly crosses empty space. A journey therefore walks from track to track: among
the tracks around the line and around each other, it takes the way whose hops have the smallest sum of powers, so that
one large hop costs more than several small ones. All hops lead forward, from the start towards the end.
"""

from __future__ import annotations

import numpy as np

from segue_core.recommend.question import PROBES
from segue_core.recommend.recordings import Recordings
from segue_core.recommend.space import Space
from segue_core.recommend.track_table import Tracks
from segue_core.similarity.arrays import Integers, Singles

SHORTEST, LONGEST = 2, 100
_POINTS = 12
"""Points of the line whose neighbours are stations."""
_NEAR = 32
"""Neighbours of each point."""
_ROUNDS = 2
"""How often the stations' own surroundings are added: where the line crosses empty space, music lies beside it."""
_AROUND = 12
"""Stations of each round whose neighbours are added."""
_POWER = 4


def find_journey(tracks: Tracks, space: Space, start: int, end: int, count: int) -> Integers:
    """Rows of a journey, both ends included; fewer than ``count`` only if there are not enough tracks between them.

    The work does not grow with the catalogue: some 36 searches, and a table of at most 1,200 by 1,200 distances.
    """
    if count == SHORTEST:
        return np.array([start, end], dtype=np.intp)
    stations = _stations(tracks, space, start, end)
    vectors = space.index.vectors(stations)
    progress = vectors @ (vectors[-1] - vectors[0])
    inside = (progress > progress[0]) & (progress < progress[-1])
    order = np.flatnonzero(inside)[np.argsort(progress[inside], kind="stable")]
    order = np.concatenate(([0], order, [len(stations) - 1]))
    return stations[order[_cheapest(vectors[order], min(count, len(order)) - 1)]]


def _stations(tracks: Tracks, space: Space, start: int, end: int) -> Integers:
    """Start, tracks between, end; no recording twice."""
    ends = space.index.vectors(np.array([start, end], dtype=np.intp)).astype(np.float64)
    shares = np.linspace(0.0, 1.0, _POINTS)[:, None]
    points = (1.0 - shares) * ends[0] + shares * ends[1]
    denied = np.union1d(tracks.duplicates_of(np.array([start, end], dtype=np.intp)), tracks.removed)
    found: set[int] = set()
    asked = points
    for _ in range(_ROUNDS + 1):
        fresh: set[int] = set()
        for point in asked:
            query = (point / max(float(np.linalg.norm(point)), 1e-12)).astype(np.float32)
            fresh.update(space.index.search(query, _NEAR, probes=PROBES, denied=denied).rows.tolist())
        fresh -= found
        if not fresh:
            break
        found |= fresh
        rows = np.array(sorted(fresh), dtype=np.intp)
        vectors = space.index.vectors(rows)
        spread = np.argsort(vectors @ (ends[1] - ends[0]).astype(np.float32), kind="stable")
        asked = vectors[spread[np.linspace(0, len(spread) - 1, min(_AROUND, len(spread))).astype(np.intp)]]
    return np.array([start, *_distinct(tracks, space, sorted(found), [start, end]), end], dtype=np.intp)


def _distinct(tracks: Tracks, space: Space, rows: list[int], ends: list[int]) -> list[int]:
    every = np.array([*ends, *rows], dtype=np.intp)
    seen, kept = Recordings(tracks, every, space.index.vectors(every)), list[int]()
    for place in range(len(every)):
        if place < len(ends):
            seen.add(place)
        elif not seen.has(place):
            seen.add(place)
            kept.append(int(every[place]))
    return kept


def _cheapest(vectors: Singles, hops: int) -> Integers:
    """Places of the cheapest way from the first to the last row with exactly so many hops, all of them forward."""
    cost: Singles = np.maximum(1.0 - vectors @ vectors.T, 0.0) ** _POWER
    cost[np.tril_indices(len(cost))] = np.inf
    best, came = cost[0].copy(), list[Integers]()
    for _ in range(hops - 1):
        total = best[:, None] + cost
        came.append(np.argmin(total, axis=0))
        best = total[came[-1], np.arange(len(cost))]
    places = [len(cost) - 1]
    for back in reversed(came):
        places.append(int(back[places[-1]]))
    return np.array([0, *reversed(places)], dtype=np.intp)
