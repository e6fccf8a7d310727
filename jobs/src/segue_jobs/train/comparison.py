"""How the lists of two spaces differ, track by track, and how certain that is. Pure.

The same tracks are asked in both spaces, so that what a sample happens to contain cancels out. Tracks of an artist
resemble each other and are no independent evidence: the bootstrap draws artists, not tracks (Efron, Tibshirani, An
Introduction to the Bootstrap, 1993, percentile intervals).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from segue_core.contract.measures import Metric
from segue_core.similarity.arrays import Doubles, Integers
from segue_core.store.models import Difference
from segue_jobs.train.listing import Listing

RESAMPLES = 1_000
FEWEST_GROUPS = 10
"""With fewer artists, tracks are drawn instead."""
_INTERVAL = (2.5, 97.5)
_SEED = 20_231


def compare(
    before: Listing, after: Listing, artists: Sequence[str], relevance: Metric | None
) -> tuple[Difference, ...]:
    """Compare two listings of the same tracks.

    Parameters
    ----------
    artists
        (n,) artist of each track, from `sample.artist_names`.
    relevance
        The measure that relevance is.

    Returns
    -------
    Relevance (if any track's can be judged in both), reach and hubness.
    """
    names, groups = np.unique(np.asarray(artists), return_inverse=True)
    if len(names) < FEWEST_GROUPS:
        groups = np.arange(len(artists))
    number = int(groups.max(initial=-1)) + 1
    if not number:
        return ()
    drawn = np.random.default_rng(_SEED).multinomial(number, np.full(number, 1.0 / number), size=RESAMPLES)
    weights: Doubles = np.concatenate((np.ones((1, number)), drawn.astype(np.float64)))  # first the sample itself
    judged = ~np.isnan(before.relevance) & ~np.isnan(after.relevance)
    found = []
    if relevance is not None and judged.any():
        pair = (np.where(judged, one.relevance, 0.0) for one in (before, after))
        found.append(_difference(relevance, *(_means(weights, groups, values, judged) for values in pair)))
    for metric, statistic in ((Metric.REACH, _reach), (Metric.HUBNESS, _skewness)):
        pair = (statistic(weights, groups, one.counts) for one in (before, after))
        found.append(_difference(metric, *pair))
    return tuple(found)


def _difference(metric: Metric, before: Doubles, after: Doubles) -> Difference:
    low, high = np.percentile((after - before)[1:], _INTERVAL)
    return Difference(
        metric=metric.value, before=float(before[0]), after=float(after[0]), low=float(low), high=float(high)
    )


def _sums(weights: Doubles, groups: Integers, values: Doubles) -> Doubles:
    """Weighted sum of the tracks' values in each resample; (resamples,)."""
    totals: Doubles = weights @ np.bincount(groups, weights=values, minlength=weights.shape[1])
    return totals


def _means(weights: Doubles, groups: Integers, values: Doubles, judged: np.ndarray) -> Doubles:
    counts = _sums(weights, groups, judged.astype(np.float64))
    return np.divide(_sums(weights, groups, values), counts, out=np.zeros(len(weights)), where=counts > 0)


def _reach(weights: Doubles, groups: Integers, counts: Integers) -> Doubles:
    reached = (counts > 0).astype(np.float64)
    return _means(weights, groups, reached, np.ones(len(counts)))


def _skewness(weights: Doubles, groups: Integers, counts: Integers) -> Doubles:
    """As `measures.hubness_skewness`, from the weighted moments."""
    ones, values = np.ones(len(counts)), counts.astype(np.float64)
    first, second, third = (_means(weights, groups, values**power, ones) for power in (1, 2, 3))
    variance = np.maximum(second - first**2, 0.0)
    centred = third - 3.0 * first * second + 2.0 * first**3
    return np.divide(centred, variance**1.5, out=np.zeros_like(centred), where=variance > 1e-12)
