"""What a listener does not want to hear, by margin: an unrelated dislike must not change a list.

A candidate that is nearer (by cosine) to a dislike than to any like is left out. One that is nearer to a dislike than
unrelated tracks are is pushed down, by how far it is on the way from there to the likes, and at most by the spread of
the list: the differences between good candidates are small, and any fixed push would outweigh them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segue_core.recommend.space import Space
from segue_core.similarity.arrays import Booleans, Doubles, Integers, Singles
from segue_core.similarity.search import contains

_UNRELATED = 2.0
"""Unrelated tracks are farther than usual less this many deviations (98 % are)."""
_SKIP_STRENGTH = 0.5
"""How much a track skipped again and again pushes its neighbourhood, compared with a dislike."""
SKIPS = 2.5
"""Quick skips, decayed, from which a track that is never played lowers its neighbourhood: three recent ones."""


@dataclass(frozen=True)
class Aversions:
    """Dislikes and skips of a question."""

    disliked: Integers
    """(a,) rows; they leave out what is nearer to them than to the likes."""
    strength: Doubles
    """(a,) 1 for a dislike, less for skips, which only push."""
    vectors: Singles
    """(a, d)"""
    unrelated: Doubles
    """(a,) cosine that unrelated tracks stay below."""
    liked: Singles
    """(l, d) what dislikes are compared with."""
    skipped: Integers
    """Ascending rows that were skipped."""
    skips: Doubles
    """Number of quick skips of each, decayed."""

    @classmethod
    def of(
        cls,
        space: Space,
        *,
        dislikes: Integers,
        liked: Integers,
        skipped: Integers | None = None,
        skips: Doubles | None = None,
        played: Integers | None = None,
    ) -> Aversions:
        """Look the rows up.

        Parameters
        ----------
        dislikes
            Rows.
        liked
            Rows of the likes; of the plays, if there are no likes.
        skipped, skips
            Ascending rows, and their decayed number of quick skips.
        played
            Ascending rows that were played: they do not lower their neighbourhood, however often they are skipped.
        """
        skipped = np.empty(0, dtype=np.intp) if skipped is None else skipped
        if not len(dislikes) and not len(skipped):
            return NO_AVERSIONS
        skips = np.empty(0) if skips is None else skips
        played = np.empty(0, dtype=np.intp) if played is None else played
        tired = skipped[(skips >= SKIPS) & ~contains(played, skipped)]
        rows = np.concatenate((dislikes, tired[~np.isin(tired, dislikes)]))
        strength = np.where(np.arange(len(rows)) < len(dislikes), 1.0, _SKIP_STRENGTH)
        usual = space.proximity.take(rows)
        return cls(
            disliked=rows,
            strength=strength,
            vectors=space.index.vectors(rows),
            unrelated=1.0 - usual.mean + _UNRELATED * usual.deviation,
            liked=space.index.vectors(liked),
            skipped=skipped,
            skips=skips,
        )

    def judge(self, rows: Integers, vectors: Singles, cosines: Doubles) -> tuple[Booleans, Doubles]:
        """Which candidates are left out, and how far the others are pushed.

        Parameters
        ----------
        rows
            (m,)
        vectors
            (m, d) unit rows of the candidates.
        cosines
            (m,) to the taste that found each, with which dislikes are compared if there are no likes.

        Returns
        -------
        (m,) true for those to leave out; (m,) push from 0 to 1, in spreads of the list.
        """
        out: Booleans = np.zeros(len(rows), dtype=np.bool_)
        push = np.zeros(len(rows))
        if len(self.disliked):
            near = (vectors @ self.vectors.T).astype(np.float64)
            wanted = (vectors @ self.liked.T).max(axis=1).astype(np.float64) if len(self.liked) else cosines
            out = np.logical_or.reduce((near > wanted[:, None]) & (self.strength >= 1.0), axis=1)
            way = np.maximum(wanted[:, None] - self.unrelated, 1e-6)
            push = (self.strength * np.clip((near - self.unrelated) / way, 0.0, 1.0)).max(axis=1)
        if len(self.skipped):
            places = np.minimum(np.searchsorted(self.skipped, rows), len(self.skipped) - 1)
            own = np.where(self.skipped[places] == rows, np.minimum(self.skips[places], 1.0), 0.0)
            push = np.maximum(push, own)
        return out, push


NO_AVERSIONS = Aversions(
    disliked=np.empty(0, dtype=np.intp),
    strength=np.empty(0),
    vectors=np.empty((0, 0), dtype=np.float32),
    unrelated=np.empty(0),
    liked=np.empty((0, 0), dtype=np.float32),
    skipped=np.empty(0, dtype=np.intp),
    skips=np.empty(0),
)
