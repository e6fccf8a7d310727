"""What a listener asks, prepared for the search: tastes, dislikes, and the tracks that may be recommended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from segue_core.recommend.answer import Source
from segue_core.recommend.aversions import NO_AVERSIONS, Aversions
from segue_core.recommend.filters import Drop
from segue_core.recommend.question_errors import RecommendError
from segue_core.recommend.space import Space
from segue_core.recommend.tastes import centre, group_tastes, join_singles, merge_tastes
from segue_core.similarity.arrays import Booleans, Doubles, Integers, Singles
from segue_core.similarity.proximity import ProximityStatistics
from segue_core.similarity.search import contains

PROBES = 40
"""Cells of the index to search; on synthetic catalogues of 100,000 and a million tracks, they hold 99 and 98 % of the
50 nearest neighbours."""
_SAME_TASTE = 1.0
"""Likes form one taste if they are nearer to each other than usual by this many deviations (84 % are farther)."""
_NOT_FAR = 0.0
"""A like that stands alone joins a taste that is nearer to it than usual by this many deviations."""
_LEAST_THRESHOLD = 0.05
_NEIGHBOURHOOD = 200
"""Neighbours that decide whether two tastes are one; in a small catalogue, one track in `_SMALL_NEIGHBOURHOOD`."""
_SMALL_NEIGHBOURHOOD = 50
_SHARED = 0.02
"""Tastes that share so many of their neighbours are one; unrelated ones share none."""
_MANY = 4096
"""More rows than this are left out by a mask: looking each candidate up would cost more."""


@dataclass(frozen=True)
class Taste:
    """Likes and plays that sound alike."""

    rows: Integers
    """Of its likes and plays; empty if it is a stated preference."""
    query: Singles
    """(d,) direction of the taste."""
    statistics: ProximityStatistics
    """Of one row: the usual distances of the query."""
    weight: float
    """Its share of the list, compared with the other tastes."""
    source: Source = Source.LONG
    stated: str | None = None
    """Name of the preference that it stands for."""


@dataclass(frozen=True)
class Question:
    """One question about a model's tracks."""

    tastes: tuple[Taste, ...]
    """Weightiest first."""
    choice: Choice
    limit: int
    artist_cap: int | None
    aversions: Aversions = NO_AVERSIONS
    queue: Integers = field(default_factory=lambda: np.empty(0, dtype=np.intp))
    """Rows that come up anyway."""
    given: Integers = field(default_factory=lambda: np.empty(0, dtype=np.intp))
    """Likes and dislikes: their recordings are left out under whatever name."""
    probes: int = PROBES


def check_limits(limit: int, artist_cap: int | None) -> None:
    """Refuse a list of no tracks.

    Raises
    ------
    RecommendError
        A number is below 1.
    """
    if limit < 1 or (artist_cap is not None and artist_cap < 1):
        raise RecommendError(f"limit ({limit}) and artist cap ({artist_cap}) must be at least 1")


class Choice:
    """Rows that may be recommended, and how many each rule leaves out: every row counts for the first rule it breaks.

    Rules that leave out a few rows cost as much as these rows; only filters need a mask of all.

    Parameters
    ----------
    rows
        Number of rows.
    removed
        Rows of tracks that are not there any more; no rule counts them.
    """

    def __init__(self, rows: int, removed: Integers) -> None:
        self._rows = rows
        self.denied: Integers = removed
        """Ascending rows."""
        self.allowed: Booleans | None = None
        """(n,) rows that pass all masks; None if there is no mask."""
        self.dropped = Counter[Drop]()

    def copy(self) -> Choice:
        """A choice that further rules can narrow, without changing this one."""
        made = Choice(self._rows, self.denied)
        made.allowed, made.dropped = self.allowed, self.dropped.copy()
        return made

    def deny(self, rule: Drop, rows: Integers) -> None:
        """Leave out these rows."""
        if not len(rows):
            return
        fresh = np.unique(rows)
        fresh = fresh[~contains(self.denied, fresh)]
        self.dropped[rule] += len(fresh) if self.allowed is None else int(np.count_nonzero(self.allowed[fresh]))
        self.denied = np.sort(np.concatenate((self.denied, fresh)))

    def keep(self, rule: Drop, mask: Booleans) -> None:
        """Leave out the rows that the mask, of shape (n,), does not have."""
        before = self.available
        self.allowed = mask if self.allowed is None else self.allowed & mask
        self.dropped[rule] += before - self.available

    def settle(self) -> None:
        """Turn denied rows into a mask if there are many."""
        if len(self.denied) > _MANY:
            mask = np.ones(self._rows, dtype=np.bool_) if self.allowed is None else self.allowed.copy()
            mask[self.denied] = False
            self.allowed, self.denied = mask, np.empty(0, dtype=np.intp)

    @property
    def available(self) -> int:
        """Number of rows that are left."""
        if self.allowed is None:
            return self._rows - len(self.denied)
        return int(np.count_nonzero(self.allowed)) - int(np.count_nonzero(self.allowed[self.denied]))

    def left(self, rows: Integers) -> Integers:
        """Those of the rows that are left."""
        kept = rows[~contains(self.denied, rows)]
        return kept if self.allowed is None else kept[self.allowed[kept]]


def find_tastes(
    space: Space, rows: Integers, weights: Doubles | None = None, *, source: Source = Source.LONG
) -> tuple[Taste, ...]:
    """Group liked and played rows into tastes, the weightiest first.

    Parameters
    ----------
    rows
        (m,) ascending.
    weights
        (m,) of each, above 0; by default 1.

    Raises
    ------
    RecommendError
        There are too many rows.
    """
    if not len(rows):
        return ()
    weights = np.ones(len(rows)) if weights is None else weights
    if len(rows) == 1:
        return (taste_of(space, rows, space.index.vectors(rows), weights, source),)
    vectors, usual = space.index.vectors(rows), space.proximity.take(rows)
    threshold = _likeness(usual, _SAME_TASTE)

    near = min(_NEIGHBOURHOOD, 1 + len(space.index) // _SMALL_NEIGHBOURHOOD)

    def neighbours(group: Integers) -> Integers:
        query = centre(vectors[group], weights[group])
        return np.sort(space.index.search(query, near, probes=PROBES).rows)

    groups = join_singles(vectors, group_tastes(vectors, threshold), _likeness(usual, _NOT_FAR))
    groups = merge_tastes(groups, neighbours, _SHARED)
    tastes = [taste_of(space, rows[group], vectors[group], weights[group], source) for group in groups]
    return by_weight(tastes)


def _likeness(usual: ProximityStatistics, deviations: float) -> float:
    """Cosine that is so many deviations above the usual one."""
    return max(_LEAST_THRESHOLD, 1.0 - float((usual.mean - deviations * usual.deviation).mean()))


def by_weight(tastes: Iterable[Taste]) -> tuple[Taste, ...]:
    """The weightiest first; equal ones in the order of their first rows."""
    return tuple(sorted(tastes, key=lambda taste: (-taste.weight, taste.rows.tolist()[:1])))


def taste_of(space: Space, rows: Integers, vectors: Singles, weights: Doubles, source: Source) -> Taste:
    """One taste of these rows."""
    if len(rows) == 1:
        return Taste(rows, vectors[0], space.proximity.take(rows), float(weights[0]), source)
    query = centre(vectors, weights)
    return Taste(rows, query, space.moments.usual(query[None]), float(weights.sum()), source)
