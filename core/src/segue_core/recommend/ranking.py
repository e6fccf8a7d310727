"""Ranks the candidates of all tastes: the nearest by cosine, by mutual proximity, less what is near to a dislike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segue_core.recommend.filters import Drop
from segue_core.recommend.question import Question, Taste
from segue_core.recommend.recordings import copies
from segue_core.recommend.selection import Candidates, Selection, select
from segue_core.recommend.space import Space
from segue_core.recommend.tastes import quotas
from segue_core.recommend.track_table import Tracks
from segue_core.similarity.arrays import Doubles, Integers
from segue_core.similarity.proximity import ProximityStatistics, mutual_proximity_distance
from segue_core.similarity.search import Neighbours

POOL = 200
"""Candidates of a taste that fills the list alone; more if artist caps and duplicates use them up."""
_LEAST_POOL = 60
_FOR_EACH = 20
"""Candidates for each hit of a taste that shares the list with others."""
_PROBES_FOR_FEW = 20
"""Cells that a taste with fewer candidates searches: its best ones lie in the nearest cells."""
_WIDEN = 4
_NEAR_DUPLICATE = 0.98
"""Cosine from which a track counts as another version of what comes up anyway."""


@dataclass(frozen=True)
class Ranking:
    """Candidates of all tastes, ranked."""

    candidates: Candidates
    orders: list[Integers]
    """Places of each taste's candidates that may be chosen, best first."""
    dropped: dict[Drop, Integers]
    """Rows that were left out."""


def select_for(tracks: Tracks, space: Space, question: Question) -> Selection:
    """Rank the candidates of all tastes, and merge them into one list."""
    question.choice.settle()
    asked = question.tastes[: question.limit]
    weights = [taste.weight for taste in asked]
    shares = quotas(weights, question.limit)
    available = question.choice.available
    widened = 1
    while True:
        pools = [widened * max(question.limit, min(POOL, max(_LEAST_POOL, _FOR_EACH * share))) for share in shares]
        ranking = rank(tracks, space, question, pools, shares)
        selection = select(
            tracks, ranking.candidates, ranking.orders, weights, limit=question.limit, artist_cap=question.artist_cap
        )
        if len(selection.chosen) == question.limit or min(pools) >= available:
            chosen = set(selection.chosen.rows.tolist())
            for rule, rows in ranking.dropped.items():
                selection.dropped[rule] += len(set(rows.tolist()) - chosen)
            return selection
        widened *= _WIDEN


def rank(tracks: Tracks, space: Space, question: Question, pools: Sequence[int], wanted: Sequence[int]) -> Ranking:
    """Search for each taste, then rank all candidates in one go.

    Parameters
    ----------
    pools
        Number of candidates of each taste.
    wanted
        Length of the list that each taste would fill alone: it determines the list's spread.
    """
    asked = question.tastes[: len(pools)]
    found = [_search(space, question, taste, pool) for taste, pool in zip(asked, pools, strict=True)]
    tastes = np.repeat(np.arange(len(found)), [len(one.rows) for one in found])
    rows, cosines = np.concatenate([one.rows for one in found]), np.concatenate([one.cosines for one in found])
    vectors = np.concatenate([one.vectors for one in found]) if len(found) > 1 else found[0].vectors
    apart = 1.0 - cosines
    usual = ProximityStatistics(
        mean=np.concatenate([taste.statistics.mean for taste in asked])[tastes],
        deviation=np.concatenate([taste.statistics.deviation for taste in asked])[tastes],
    )
    distances = mutual_proximity_distance(apart, usual, space.proximity.take(rows))
    disliked, push = question.aversions.judge(rows, vectors, cosines)
    copied = copies(tracks, space, rows, vectors, question.given)
    queued = np.zeros(len(rows), dtype=np.bool_)
    if len(question.queue):
        queued = (vectors @ space.index.vectors(question.queue).T).max(axis=1) >= _NEAR_DUPLICATE
    if push.any():
        spreads = np.array([_spread(distances[tastes == number], count) for number, count in enumerate(wanted)])
        push = push * spreads[tastes]
    pushed = np.minimum(distances + push, 1.0)
    order = np.lexsort((rows, apart, pushed, tastes))
    order = order[~(disliked | queued | copied)[order]]
    return Ranking(
        Candidates(rows, tastes, cosines, 1.0 - pushed, vectors),
        np.split(order, np.searchsorted(tastes[order], np.arange(1, len(found)))),
        {
            Drop.DISLIKED: rows[disliked & ~queued & ~copied],
            Drop.QUEUED: rows[queued & ~copied],
            Drop.DUPLICATE: rows[copied],
        },
    )


def _search(space: Space, question: Question, taste: Taste, pool: int) -> Neighbours:
    probes = question.probes if pool >= POOL else min(question.probes, _PROBES_FOR_FEW)
    return space.index.search(
        taste.query, pool, probes=probes, allowed=question.choice.allowed, denied=question.choice.denied
    )


def _spread(distances: Doubles, wanted: int) -> float:
    """From the best to the last of twice as many candidates as the list takes."""
    if not len(distances):
        return 0.0
    ascending = np.sort(distances)
    return float(ascending[min(2 * wanted, len(ascending)) - 1] - ascending[0])
