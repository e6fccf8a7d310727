"""Choosing k. Pure: numbers in, a choice and its reason out.

A number of clusters is judged by what the clusters are for, an index for search, on artists that the clustering has not
seen. Silhouette is not asked: it falls with k while usefulness rises, and is highest on unscaled features.

====================  ======  ===================================================================================
term                  weight  value, 0 to 1
====================  ======  ===================================================================================
relevance             0.50    genre precision@10 with artist filter through the nearest cells; where fewer than half
                              of the tracks carry a genre, the recall@10 of the exact neighbours instead
reach                 0.20    share of the catalogue that stands in somebody's ten nearest
smallest cluster      0.15    its size over `ENOUGH_TRACKS`, at most 1
stability             0.15    adjusted Rand index of two seeds, at least 0
====================  ======  ===================================================================================

Candidates are compared by the plain cosine: mutual proximity, by which hits are put in order, is the same for all of
them. The chosen model's own measures are taken with it (`evaluation`).

Scores within `TIE` of the best are ties, and the smallest of their ks is chosen. `TIE` is the standard error of
precision@10 with about a thousand queries.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from segue_jobs.models import Candidate

TIE = 0.01
ENOUGH_TRACKS = 10
MINIMUM_MEAN_TRACKS = 6
"""Tracks a cluster on average, at least: twice the three that make a cluster worth the name."""
LABELLED_SHARE = 0.5


class Metric(StrEnum):
    """Names of measures in candidates, in the model document and in the summary."""

    PRECISION = "precisionAt10"
    RECALL = "recallAt10"
    REACH = "reachAt10"
    HUBNESS = "hubnessSkew"
    ANTI_HUBS = "antiHubShare"
    STABILITY = "stability"
    SMALLEST = "clusterSizeMin"
    LARGEST = "clusterSizeMax"
    SILHOUETTE = "silhouette"
    CHANCE = "chanceLevel"
    LIFT = "lift"
    SCORE = "score"
    CHURN = "churn"


WEIGHTS: Mapping[Metric, float] = {
    Metric.PRECISION: 0.50,
    Metric.REACH: 0.20,
    Metric.SMALLEST: 0.15,
    Metric.STABILITY: 0.15,
}


@dataclass(frozen=True)
class Feasible:
    """Which ks a catalogue is large enough for."""

    ks: tuple[int, ...]
    """Ascending, never empty."""
    skipped: tuple[Candidate, ...]


@dataclass(frozen=True)
class Choice:
    """The chosen k and why."""

    k: int
    reason: str


def feasible(ks: Sequence[int], tracks: int) -> Feasible:
    """Sort out ks that the catalogue is too small for; when none is left, the largest possible takes their place.

    Parameters
    ----------
    ks
        Wanted numbers of clusters, in any order.
    tracks
        Tracks to cluster, at least 1.
    """
    largest = max(1, tracks // MINIMUM_MEAN_TRACKS)
    skipped = []
    for k in sorted(set(ks)):
        if k < 1:
            skipped.append(Candidate(k=k, skipped="k must be at least 1"))
        elif k >= tracks and k > 1:
            skipped.append(Candidate(k=k, skipped=f"not below the number of tracks ({tracks})"))
        elif k > largest:
            skipped.append(
                Candidate(k=k, skipped=f"{tracks} tracks allow {largest} clusters of {MINIMUM_MEAN_TRACKS} on average")
            )
    left = tuple(sorted(set(ks) - {candidate.k for candidate in skipped}))
    return Feasible(ks=left or (largest,), skipped=tuple(skipped))


def judges_precision(labelled: int, tracks: int) -> bool:
    """Whether enough tracks carry a genre to judge by."""
    return tracks > 0 and labelled >= LABELLED_SHARE * tracks


def score(metrics: Mapping[str, float]) -> float:
    """Weighted sum of a candidate's terms, 0 to 1; an unknown term counts 0."""
    relevance = metrics.get(Metric.PRECISION, metrics.get(Metric.RECALL, 0.0))
    terms = {
        Metric.PRECISION: relevance,
        Metric.REACH: metrics.get(Metric.REACH, 0.0),
        Metric.SMALLEST: metrics.get(Metric.SMALLEST, 0.0) / ENOUGH_TRACKS,
        Metric.STABILITY: metrics.get(Metric.STABILITY, 0.0),
    }
    return sum(WEIGHTS[name] * _share(value) for name, value in terms.items())


def _share(value: float) -> float:
    return min(1.0, max(0.0, value)) if math.isfinite(value) else 0.0


def choose(candidates: Mapping[int, Mapping[str, float]]) -> Choice:
    """Choose among the measured candidates.

    Parameters
    ----------
    candidates
        k -> measures by `Metric`; at least one.
    """
    scores = {k: score(metrics) for k, metrics in candidates.items()}
    best = max(scores.values())
    tied = sorted(k for k, value in scores.items() if best - value <= TIE)
    chosen = tied[0]
    if len(scores) == 1:
        return Choice(chosen, f"k={chosen} is the only feasible number of clusters")
    if len(tied) > 1:
        others = ", ".join(str(k) for k in tied[1:])
        return Choice(
            chosen, f"k={chosen} scores {scores[chosen]:.3f}; k={others} within {TIE} of it: the smaller wins"
        )
    return Choice(chosen, f"k={chosen} scores {scores[chosen]:.3f}, more than all others")
