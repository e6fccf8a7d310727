"""How good lists are: precision with filters, hubs, reach; each with an interval by bootstrap over groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

DEPTHS = (1, 5, 10)
_RESAMPLES = 1000
_INTERVAL = (2.5, 97.5)


@dataclass(frozen=True)
class Measured:
    """A mean and its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        if np.isnan(self.value):
            return "nothing to find"
        return f"{self.value:.3f} ({self.low:.3f}-{self.high:.3f})"


def codes(labels: Sequence[str | None]) -> np.ndarray:
    """A number for each label; what has none is alone."""
    known: dict[str, int] = {}
    return np.array([known.setdefault(label or f"\0{place}", len(known)) for place, label in enumerate(labels)])


def precision(scores: np.ndarray, wanted: np.ndarray, left_out: np.ndarray) -> dict[str, Measured]:
    """Share of the nearest that have the query's label, of queries for which there is one.

    Parameters
    ----------
    scores
        (n, n) larger is nearer.
    wanted, left_out
        (n,) labels: relevant is the same of the first, filtered the same of the second.
    """
    shares, groups = [], []
    for row, line in enumerate(scores):
        allowed = left_out != left_out[row]
        relevant = wanted == wanted[row]
        if not (allowed & relevant).any():
            continue
        order = np.argsort(np.where(allowed, -line, np.inf), kind="stable")[: max(DEPTHS)]
        shares.append([relevant[order[:depth]].mean() for depth in DEPTHS])
        groups.append(wanted[row])
    if not shares:
        return {f"P@{depth}": Measured(np.nan, np.nan, np.nan) for depth in DEPTHS}
    table = np.array(shares)
    return {f"P@{depth}": _interval(table[:, place], np.array(groups)) for place, depth in enumerate(DEPTHS)}


def hubs(scores: np.ndarray, depth: int = 10) -> Mapping[str, float]:
    """Skew of how often tracks are in lists, and the share of those that are in one (reach) and in none (anti-hubs)."""
    alone = scores.copy()
    np.fill_diagonal(alone, -np.inf)
    nearest = np.argsort(-alone, axis=1, kind="stable")[:, :depth]
    counts = np.bincount(nearest.ravel(), minlength=len(scores)).astype(float)
    centred = counts - counts.mean()
    reach = float((counts > 0).mean())
    return {"skew": float((centred**3).mean() / counts.std() ** 3), "reach": reach, "anti-hubs": 1 - reach}


def _interval(values: np.ndarray, groups: np.ndarray) -> Measured:
    """Bootstrap over the groups, because tracks of one group are not independent."""
    draw = np.random.default_rng(1)
    names, places = np.unique(groups, return_inverse=True)
    sums = np.bincount(places, weights=values)
    counts = np.bincount(places)
    chosen = draw.integers(len(names), size=(_RESAMPLES, len(names)))
    means = sums[chosen].sum(axis=1) / counts[chosen].sum(axis=1)
    low, high = np.percentile(means, _INTERVAL)
    return Measured(float(values.mean()), float(low), float(high))
