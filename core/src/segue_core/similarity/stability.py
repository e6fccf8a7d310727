"""Population stability index: how far the values of a feature have moved between two sets of tracks.

The training's values are divided into ten ranges of a tenth each; with the shares a before and b after, the index is
``sum((b - a) ln(b / a))``. By convention a feature with less than 0.1 is stable, and one with more than 0.2 has shifted
(Siddiqi, Credit Risk Scorecards, 2006).
"""

from __future__ import annotations

import numpy as np

from segue_core.similarity.arrays import Doubles, Singles
from segue_core.store.models import FeatureRanges

RANGES = 10
SHIFTED = 0.2
_LEAST_SHARE = 1e-4
"""Stands for the share of a range in which no track is, which has no logarithm."""


def feature_ranges(vectors: Singles) -> FeatureRanges:
    """Divide the values of each feature into ranges.

    Parameters
    ----------
    vectors
        (n, d) of the training, with at least one row.
    """
    steps = np.arange(1, RANGES) / RANGES
    edges = np.quantile(vectors, steps, axis=0).T.astype(np.float32).astype(np.float64)
    shares = _shares(vectors, edges)
    return FeatureRanges(edges=tuple(map(tuple, edges.tolist())), shares=tuple(map(tuple, shares.tolist())))


def stability_indexes(ranges: FeatureRanges, vectors: Singles) -> Doubles:
    """The index of each feature, (d,), 0 or more.

    Parameters
    ----------
    vectors
        (n, d) of other tracks, with at least one row.

    Raises
    ------
    ValueError
        The ranges are not those of d features.
    """
    width = vectors.shape[1]
    edges, before = (np.asarray(part, dtype=np.float64) for part in (ranges.edges, ranges.shares))
    if edges.shape != (width, RANGES - 1) or before.shape != (width, RANGES):
        raise ValueError(f"ranges of shapes {edges.shape} and {before.shape} are not those of {width} features")
    before = np.maximum(before, _LEAST_SHARE)
    after = np.maximum(_shares(vectors, edges), _LEAST_SHARE)
    found: Doubles = ((after - before) * np.log(after / before)).sum(axis=1)
    return found


def _shares(vectors: Singles, edges: Doubles) -> Doubles:
    """(d, ranges) share of the values in each range."""
    columns = vectors.astype(np.float64).T
    places = (np.searchsorted(own, values, side="right") for own, values in zip(edges, columns, strict=True))
    return np.array([np.bincount(place, minlength=RANGES) for place in places]) / len(vectors)
