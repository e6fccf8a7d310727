"""Measures clusterings as an index, on tracks whose artists they have not seen. Pure numpy, without Spark."""

from __future__ import annotations

import math

import numpy as np

from segue_core.contract.measures import Metric
from segue_core.similarity.arrays import Doubles, Integers, Singles
from segue_core.similarity.cosines import nearest_cells
from segue_jobs.train import measures
from segue_jobs.train.choice import judges_precision
from segue_jobs.train.neighbours import Cells, Groups, neighbour_lists
from segue_jobs.train.sample import Sample

LIST_LENGTH = 10


class Evaluation:
    """Measures clusterings on one sample; finds the exact neighbours only once."""

    def __init__(self, sample: Sample) -> None:
        self.sample = sample
        self._artists = Groups.from_labels(sample.artists)
        self._genres = measures.pack_genres(sample.genres)
        self._exact = self._neighbours(None)
        labelled = sum(1 for names in sample.genres if names)
        self._by_genre = judges_precision(labelled, len(sample.genres))

    def _neighbours(self, cells: Cells | None) -> Integers:
        sample = self.sample
        return neighbour_lists(sample.vectors, LIST_LENGTH, queries=sample.queries, artists=self._artists, cells=cells)

    def _precision(self, lists: Integers) -> dict[str, float]:
        if not self._by_genre:
            return {}
        found = measures.precision_at_k(lists, self.sample.queries, self._genres)
        return {Metric.PRECISION.value: found} if math.isfinite(found) else {}

    @property
    def exact(self) -> dict[str, float]:
        """Precision at 10 of a search in all tracks; empty without genres."""
        return self._precision(self._exact)

    def candidate(self, centres: Doubles | Singles) -> dict[str, float]:
        """Precision and recall at 10 of a search in the nearest clusters, on held-out artists, and the clusters' sizes.

        Parameters
        ----------
        centres
            (k, d) of a clustering of the tracks that are not held out.
        """
        cells = _cells(self.sample.vectors, centres)
        lists = self._neighbours(cells)
        sizes = np.bincount(cells.cells, minlength=len(centres))
        return {
            **self._precision(lists),
            Metric.RECALL.value: measures.recall(lists, self._exact),
            Metric.SMALLEST.value: float(sizes.min()),
            Metric.LARGEST.value: float(sizes.max()),
        }

    def silhouette(self, centres: Doubles) -> float:
        """Mean silhouette with the cosine distance, 0 for a single cluster.

        For unit vectors, the mean distance to a cluster is ``1 - x·m`` with the mean m of its members, so no pairs need
        to be compared (as in MLlib's ClusteringEvaluator).
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
        own = distances[rows, labels] * own_size / np.maximum(own_size - 1, 1)  # a track's distance to itself is 0
        distances[rows, labels] = np.inf
        other = distances.min(axis=1)
        widest = np.maximum(own, other)
        values = np.divide(other - own, widest, out=np.zeros_like(own), where=(widest > 0) & (own_size > 1))
        return float(values.mean())


def _cells(vectors: Singles, centres: Doubles | Singles) -> Cells:
    singles = centres.astype(np.float32)
    return Cells(cells=nearest_cells(vectors, singles, 1)[:, 0], centres=singles)
