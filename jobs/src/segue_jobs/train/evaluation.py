"""Measuring clusterings on tracks whose artists they have not seen. Pure numpy; nothing here knows Spark.

Candidates are compared by lists in the order of their cosines, a model is judged by lists as they are served: the
nearest by cosine within the nearest cells, put in order by mutual proximity. That order does not depend on k and costs
three times the work.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from segue_jobs.similarity import measures
from segue_jobs.similarity.arrays import Booleans, Doubles, Integers, Singles
from segue_jobs.similarity.neighbours import Cells, Groups, neighbour_lists
from segue_jobs.similarity.proximity import ProximityStatistics, choose_reference, proximity_statistics
from segue_jobs.similarity.search import nearest_cells
from segue_jobs.train.choice import Metric, judges_precision

LIST_LENGTH = 10
MINIMUM_SAMPLE = 6_000
TRACKS_A_CLUSTER = 100
MAXIMUM_QUERIES = 1_000
HUB_TRACKS = 2_500
"""Reach and hubness depend on the number of tracks and need all of them as queries: measured within such a sample."""
_HELD_OUT = 0.2
_MINIMUM_HELD_OUT, _MAXIMUM_HELD_OUT = 10, 0.4


def sample_size(ks: Sequence[int]) -> int:
    """Tracks that trial clusterings are fitted to and measured on at most.

    It does not grow with the catalogue: choosing takes as long for a million tracks as for ten thousand.
    """
    return max(MINIMUM_SAMPLE, TRACKS_A_CLUSTER * max(ks))


def _place(text: str) -> float:
    """A number in 0..1 that depends on the text alone."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


@dataclass(frozen=True)
class Sample:
    """Tracks to choose by, ordered by id."""

    ids: tuple[str, ...]
    vectors: Singles
    """(n, d) unit rows."""
    artists: tuple[str | None, ...]
    genres: tuple[tuple[str, ...], ...]

    @cached_property
    def held_out(self) -> Booleans:
        """Whose artist is kept from the trial clusterings; (n,).

        Artists are split by hash, a track without one counts as an artist of its own. A catalogue of few artists is
        split by tracks; one too small for either keeps nothing out.
        """
        for names in (self._artist_names(), self.ids):
            held = np.array([_place(name) < _HELD_OUT for name in names], dtype=np.bool_)
            if _MINIMUM_HELD_OUT <= held.sum() <= _MAXIMUM_HELD_OUT * len(held):
                return held
        return np.zeros(len(self.ids), dtype=np.bool_)

    def _artist_names(self) -> tuple[str, ...]:
        return tuple(artist or f"track {track_id}" for artist, track_id in zip(self.artists, self.ids, strict=True))

    @cached_property
    def queries(self) -> Integers:
        """Rows that are asked for: held-out ones, or all where nothing was kept out; at most `MAXIMUM_QUERIES`."""
        rows = np.flatnonzero(self.held_out) if self.held_out.any() else np.arange(len(self.ids))
        return self._drawn(rows, MAXIMUM_QUERIES)

    @cached_property
    def hub_rows(self) -> Integers:
        """Rows within which reach and hubness are measured; at most `HUB_TRACKS`."""
        return self._drawn(np.arange(len(self.ids)), HUB_TRACKS)

    def reference_rows(self, seed: int) -> Integers:
        """Rows of the reference tracks of mutual proximity."""
        rows = {track_id: row for row, track_id in enumerate(self.ids)}
        return np.array([rows[track_id] for track_id in choose_reference(self.ids, seed=seed)], dtype=np.intp)

    def usual_distances(self, reference: Integers) -> ProximityStatistics:
        """Every row's statistics of its distances to the reference rows."""
        own = np.full(len(self.ids), -1, dtype=np.intp)
        own[reference] = np.arange(len(reference))
        return proximity_statistics(self.vectors, self.vectors[reference], own=own)

    def _drawn(self, rows: Integers, count: int) -> Integers:
        if len(rows) <= count:
            return rows
        places = np.array([_place(f"query {self.ids[row]}") for row in rows])
        return np.sort(rows[np.argsort(places, kind="stable")[:count]])


class Evaluation:
    """Measures of clusterings on one sample; the exact neighbours are found once."""

    def __init__(self, sample: Sample) -> None:
        self.sample = sample
        self._artists = Groups.from_labels(sample.artists)
        self._hub_artists = Groups.from_labels([sample.artists[row] for row in sample.hub_rows])
        self._genres = measures.pack_genres(sample.genres)
        self._exact = self._neighbours(None, None)
        labelled = sum(1 for names in sample.genres if names)
        self._by_genre = judges_precision(labelled, len(sample.genres))
        self._chance = measures.chance_level(self._genres, artists=self._artists, queries=sample.queries)

    def _neighbours(self, cells: Cells | None, usual: ProximityStatistics | None) -> Integers:
        sample = self.sample
        return neighbour_lists(
            sample.vectors, LIST_LENGTH, queries=sample.queries, artists=self._artists, cells=cells, proximity=usual
        )

    def relevance(self, centres: Doubles, usual: ProximityStatistics | None = None) -> dict[str, float]:
        """Precision and recall at 10 through the nearest cells, on held-out artists.

        Parameters
        ----------
        centres
            (k, d) of a clustering of the fitted part.
        usual
            Of all rows: lists are then in the order of mutual proximity, and so are the exact ones of the recall.
        """
        lists = self._neighbours(_cells(self.sample.vectors, centres), usual)
        exact = self._exact if usual is None else self._neighbours(None, usual)
        found = {Metric.RECALL.value: measures.recall(lists, exact)}
        if self._by_genre:
            precision = measures.precision_at_k(lists, self.sample.queries, self._genres)
            found |= {Metric.PRECISION.value: precision, Metric.CHANCE.value: self._chance}
            found[Metric.LIFT.value] = precision / self._chance if self._chance > 0 else math.nan
        return _finite(found)

    def hubs(self, centres: Doubles, usual: ProximityStatistics | None = None) -> dict[str, float]:
        """Reach, share of anti-hubs and skew of the lists of all tracks of the hub sample; see `relevance`."""
        rows = self.sample.hub_rows
        vectors, own = self.sample.vectors[rows], None if usual is None else usual.take(rows)
        cells = _cells(vectors, centres)
        lists = neighbour_lists(vectors, LIST_LENGTH, artists=self._hub_artists, cells=cells, proximity=own)
        counts = measures.occurrences(lists, len(vectors))
        return {
            Metric.REACH.value: measures.reach(counts),
            Metric.ANTI_HUBS.value: measures.anti_hub_share(counts),
            Metric.HUBNESS.value: measures.hubness_skewness(counts),
        }

    def candidate(self, centres: Doubles, other: Doubles) -> dict[str, float]:
        """All that `choice.score` asks for.

        Parameters
        ----------
        centres, other
            (k, d) of two clusterings of the fitted part, which differ in their seed.
        """
        fitted = self.sample.vectors[~self.sample.held_out]
        labels, again = (_cells(fitted, found).cells for found in (centres, other))
        sizes = measures.cluster_sizes(labels, len(centres))
        stability = measures.adjusted_rand_index(labels, again)
        return {
            **self.relevance(centres),
            **self.hubs(centres),
            Metric.STABILITY.value: stability,
            Metric.SMALLEST.value: float(sizes.smallest),
        }

    def served(self, trial: Doubles, final: Doubles, reference: Integers) -> dict[str, float]:
        """Measures of lists as they are served.

        Parameters
        ----------
        trial
            Centres fitted without the held-out artists: relevance is measured with them.
        final
            Centres of the model: reach and hubs are measured with them.
        reference
            Rows of the model's reference tracks.
        """
        usual = self.sample.usual_distances(reference)
        return {**self.relevance(trial, usual), **self.hubs(final, usual)}

    def silhouette(self, centres: Doubles) -> float:
        """Mean silhouette with the cosine distance, 0 for a single cluster.

        For unit vectors the mean distance to a cluster is ``1 - x·m`` with m the mean of its members, so that no pair
        need be looked at (as in MLlib's ClusteringEvaluator).
        """
        vectors, k = self.sample.vectors.astype(np.float64), len(centres)
        labels = _cells(self.sample.vectors, centres).cells
        sizes = np.bincount(labels, minlength=k)
        if (sizes > 0).sum() < 2:
            return 0.0
        sums = np.zeros((k, vectors.shape[1]))
        np.add.at(sums, labels, vectors)
        distances = 1.0 - vectors @ (sums / np.maximum(sizes, 1)[:, None]).T
        distances[:, sizes == 0] = np.inf
        rows = np.arange(len(vectors))
        own_size = sizes[labels]
        own = distances[rows, labels] * own_size / np.maximum(own_size - 1, 1)  # the distance to oneself is 0
        distances[rows, labels] = np.inf
        other = distances.min(axis=1)
        widest = np.maximum(own, other)
        values = np.divide(other - own, widest, out=np.zeros_like(own), where=(widest > 0) & (own_size > 1))
        return float(values.mean())


def _cells(vectors: Singles, centres: Doubles) -> Cells:
    singles = centres.astype(np.float32)
    return Cells(cells=nearest_cells(vectors, singles, 1)[:, 0], centres=singles)


def _finite(found: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in found.items() if math.isfinite(value)}
