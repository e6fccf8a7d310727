"""Lists as they are served, judged track by track: what a model's space is worth to listeners.

Every track of a sample gets its ten nearest of other artists, ranked by mutual proximity. A catalogue with genres is
judged by them. Where fewer than half of the tracks have one, a second list that may contain the artist's own tracks is
judged by how many of them it contains: a weaker sign, but one that needs no genres.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segue_core.contract.measures import Metric
from segue_core.similarity.arrays import Doubles, Integers, Singles
from segue_core.similarity.proximity import ProximityStatistics
from segue_jobs.train import measures
from segue_jobs.train.choice import LABELLED_SHARE, judges_precision
from segue_jobs.train.evaluation import LIST_LENGTH
from segue_jobs.train.neighbours import Groups, neighbour_lists


@dataclass(frozen=True)
class Listing:
    """The lists of a sample's tracks, judged."""

    relevance: Doubles
    """(n,) share of each list that is relevant; NaN where that cannot be judged."""
    counts: Integers
    """(n,) number of lists that each track is in."""

    def hubs(self) -> dict[str, float]:
        """Reach, share of anti-hubs and hubness."""
        return {
            Metric.REACH.value: measures.reach(self.counts),
            Metric.ANTI_HUBS.value: measures.anti_hub_share(self.counts),
            Metric.HUBNESS.value: measures.hubness_skewness(self.counts),
        }


class Judge:
    """Judges lists of the same tracks in several spaces.

    Parameters
    ----------
    artists, genres
        Of each track.
    """

    def __init__(self, artists: Sequence[str | None], genres: Sequence[Sequence[str]]) -> None:
        self._artists = Groups.from_labels(artists)
        self.relevance: Metric | None = None
        """The measure that relevance is; None if nothing can tell it."""
        self._labels = measures.pack_genres(genres)
        self._queries = np.arange(len(genres))
        if judges_precision(sum(1 for names in genres if names), len(genres)):
            self.relevance = Metric.PRECISION
        elif _tells(self._artists):
            self.relevance = Metric.SAME_ARTIST
            self._labels = measures.pack_genres([(name,) if name else () for name in artists])

    def judge(self, vectors: Singles, usual: ProximityStatistics) -> Listing:
        """Make and judge the lists.

        Parameters
        ----------
        vectors
            (n, d) unit rows of the tracks.
        usual
            Statistics of all rows, for mutual proximity.
        """
        lists = neighbour_lists(vectors, LIST_LENGTH, artists=self._artists, proximity=usual)
        counts = measures.occurrences(lists, len(vectors))
        if self.relevance is None:
            return Listing(np.full(len(vectors), np.nan), counts)
        if self.relevance is Metric.SAME_ARTIST:
            lists = neighbour_lists(vectors, LIST_LENGTH, proximity=usual)
        return Listing(measures.precisions_at_k(lists, self._queries, self._labels), counts)

    def measure(self, listing: Listing) -> dict[str, float]:
        """Means over all lists, by `Metric`."""
        found = listing.hubs()
        if self.relevance is not None:
            found[self.relevance.value] = measures.mean_of_judged(listing.relevance)
        if self.relevance is Metric.PRECISION:
            chance = measures.chance_level(self._labels, artists=self._artists)
            found |= {Metric.CHANCE.value: chance}
            found[Metric.LIFT.value] = found[Metric.PRECISION.value] / chance if chance > 0 else math.nan
        return {name: value for name, value in found.items() if math.isfinite(value)}


def _tells(artists: Groups) -> bool:
    """Whether half of the tracks have another one of their artist."""
    sizes = np.array([len(rows) for rows in artists.members])
    return bool(sizes[sizes > 1].sum() >= LABELLED_SHARE * len(artists.codes)) and len(artists.members) > 1
