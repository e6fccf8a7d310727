"""Merges the rankings of all tastes into one list: interleaved, without duplicates, with few hits per artist."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segue_core.recommend.filters import Drop
from segue_core.recommend.recordings import Recordings
from segue_core.recommend.tastes import next_taste, quotas
from segue_core.recommend.track_table import Tracks
from segue_core.similarity.arrays import Doubles, Integers, Singles


@dataclass(frozen=True)
class Candidates:
    """Rows that the tastes found, one after the other."""

    rows: Integers
    """(m,)"""
    tastes: Integers
    """(m,) number of the taste that found each; a row may occur under several tastes."""
    cosines: Doubles
    """(m,) to the taste."""
    scores: Doubles
    """(m,)"""
    vectors: Singles
    """(m, d)"""

    def take(self, places: Sequence[int]) -> Candidates:
        """These candidates alone."""
        at = np.array(places, dtype=np.intp)
        return Candidates(self.rows[at], self.tastes[at], self.cosines[at], self.scores[at], self.vectors[at])

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class Selection:
    """The list, and how many candidates were left out."""

    chosen: Candidates
    dropped: Counter[Drop]
    """Candidates left out by each rule; those ranked below the last hit were not examined."""


class Rules:
    """What has been chosen so far, and what that excludes.

    Parameters
    ----------
    rows, vectors
        (m,) and (m, d) of the candidates.
    artist_cap
        Maximum number of tracks by one artist; None for no maximum.
    """

    def __init__(self, tracks: Tracks, rows: Integers, vectors: Singles, artist_cap: int | None) -> None:
        self._artist: list[int] = tracks.artists[rows].tolist()
        self._cap = artist_cap
        self._recordings = Recordings(tracks, rows, vectors)
        self._artists: Counter[int] = Counter()

    def admit(self, place: int) -> Drop | None:
        """Choose a candidate, unless a rule excludes it: then the first such rule. Unknown artists have no cap."""
        if self._recordings.has(place):
            return Drop.DUPLICATE
        artist = self._artist[place]
        if self._cap is not None and artist >= 0 and self._artists[artist] >= self._cap:
            return Drop.ARTIST_CAP
        self._recordings.add(place)
        self._artists[artist] += 1
        return None


def select(
    tracks: Tracks,
    candidates: Candidates,
    orders: Sequence[Integers],
    weights: Sequence[float],
    *,
    limit: int,
    artist_cap: int | None,
) -> Selection:
    """Take candidates from the tastes in turn until the list is full or no candidates are left.

    Parameters
    ----------
    orders
        Places of each taste's candidates, best first; those that are missing may not be chosen.
    weights
        Weight of each taste, which determines its share of the list; largest first.
    limit
        Length of the list.
    artist_cap
        Maximum number of hits by one artist; None for no maximum.
    """
    rules, dropped = Rules(tracks, candidates.rows, candidates.vectors, artist_cap), Counter[Drop]()
    rows, seen = candidates.rows.tolist(), set[int]()
    wanted, given = quotas(weights, limit), [0] * len(orders)
    queues = [iter(order.tolist()) for order in orders]
    open_tastes = list(range(len(orders)))
    chosen: list[int] = []
    while open_tastes and len(chosen) < limit:
        taste = next_taste(given, wanted, open_tastes)
        place = next(queues[taste], None)
        if place is None:
            open_tastes.remove(taste)
            continue
        if rows[place] in seen:
            continue
        seen.add(rows[place])
        rule = rules.admit(place)
        if rule is None:
            chosen.append(place)
            given[taste] += 1
        else:
            dropped[rule] += 1
    return Selection(chosen=candidates.take(chosen), dropped=dropped)
