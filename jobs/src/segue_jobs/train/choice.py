"""Chooses k. Pure: numbers in, a choice and its reason out.

Clusters are for people: the more of them, the more their names and sizes tell, as long as each is a neighbourhood. So
the largest k wins whose clusters keep neighbours together, on artists that the clustering has not seen: a search in the
three nearest clusters finds at least `ENOUGH_RECALL` of the ten exact neighbours, and its precision is within `TIE` of
the precision of an exact search (where genres can tell). A cluster of one or two tracks is no neighbourhood: a k with
one wins only if all have one. If no k keeps neighbours together, the one with the highest recall wins.

Silhouette and the agreement of two seeds play no part: both are highest for the smallest k, whatever it is worth.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from segue_core.contract.measures import Metric
from segue_core.store.models import Candidate

TIE = 0.01
"""About the standard error of precision@10 with a thousand queries."""
ENOUGH_RECALL = 0.9
SMALLEST_CLUSTER = 3
"""Fewer tracks are odd ones, not a group."""
MINIMUM_MEAN_TRACKS = 2 * SMALLEST_CLUSTER
"""Minimum number of tracks per cluster, on average."""
LABELLED_SHARE = 0.5


@dataclass(frozen=True)
class Feasible:
    """The ks that a catalogue is large enough for."""

    ks: tuple[int, ...]
    """Ascending, never empty."""
    skipped: tuple[Candidate, ...]


@dataclass(frozen=True)
class Choice:
    """The chosen k, and why."""

    k: int
    reason: str


def feasible(ks: Sequence[int], tracks: int) -> Feasible:
    """Leave out ks that the catalogue is too small for; if none remain, use the largest possible k.

    Parameters
    ----------
    ks
        The requested numbers of clusters, in any order.
    tracks
        Tracks to cluster, at least 1.
    """
    largest = max(1, tracks // MINIMUM_MEAN_TRACKS)
    skipped = []
    for k in sorted(set(ks)):
        if k < 1:
            skipped.append(Candidate(k=k, skipped="k must be at least 1"))
        elif k >= tracks and k > 1:
            skipped.append(Candidate(k=k, skipped=f"it must be less than the number of tracks ({tracks})"))
        elif k > largest:
            skipped.append(
                Candidate(
                    k=k,
                    skipped=f"{tracks} tracks allow {largest} clusters of {MINIMUM_MEAN_TRACKS} on average",
                )
            )
    left = tuple(sorted(set(ks) - {candidate.k for candidate in skipped}))
    return Feasible(ks=left or (largest,), skipped=tuple(skipped))


def judges_precision(labelled: int, tracks: int) -> bool:
    """Whether enough tracks have a genre to judge by."""
    return tracks > 0 and labelled >= LABELLED_SHARE * tracks


def choose(
    candidates: Mapping[int, Mapping[str, float]], exact: Mapping[str, float], smallest: float = SMALLEST_CLUSTER
) -> Choice:
    """Choose one of the measured candidates.

    Parameters
    ----------
    candidates
        k -> measures by `Metric`; at least one.
    exact
        Measures of an exact search: its precision, if genres can tell it.
    smallest
        Number of tracks that a cluster must have: of a sample, in proportion to it.
    """
    if len(candidates) == 1:
        only = next(iter(candidates))
        return Choice(only, f"k={only} is the only feasible number of clusters")
    whole = {k: metrics for k, metrics in candidates.items() if _is_whole(metrics, smallest)}
    possible = whole or candidates
    good = [k for k, metrics in possible.items() if _keeps_neighbours(metrics, exact)]
    k = max(good) if good else max(possible, key=lambda one: (possible[one].get(Metric.RECALL, 0.0), -one))
    found = _in_words(candidates[k], exact)
    if not good:
        return Choice(k, f"no k keeps enough neighbours together; k={k} keeps most: {found}")
    larger = min((other for other in candidates if other > k), default=None)
    if larger is None:
        return Choice(k, f"k={k} is the largest offered: {found}")
    if whole and larger not in whole:
        return Choice(k, f"k={k}: {found}; k={larger} has a cluster of fewer than {SMALLEST_CLUSTER} tracks")
    return Choice(k, f"k={k}: {found}; k={larger} loses more: {_in_words(candidates[larger], exact)}")


def groups(sizes: Sequence[int]) -> tuple[int, ...]:
    """Which clusters are groups: those of at least `SMALLEST_CLUSTER` tracks, or if there are none, the largest.

    Parameters
    ----------
    sizes
        Number of tracks in each cluster, at least one.
    """
    least = min(SMALLEST_CLUSTER, max(sizes))
    return tuple(cluster for cluster, size in enumerate(sizes) if size >= least)


def _is_whole(metrics: Mapping[str, float], smallest: float) -> bool:
    """Whether every cluster is a group."""
    return metrics.get(Metric.SMALLEST, math.inf) >= smallest


def _keeps_neighbours(metrics: Mapping[str, float], exact: Mapping[str, float]) -> bool:
    if metrics.get(Metric.RECALL, 0.0) < ENOUGH_RECALL:
        return False
    best = exact.get(Metric.PRECISION)
    return best is None or metrics.get(Metric.PRECISION, 0.0) >= best - TIE


def _in_words(metrics: Mapping[str, float], exact: Mapping[str, float]) -> str:
    text = f"{metrics.get(Metric.RECALL, 0.0):.0%} of the exact neighbours are in the nearest clusters"
    if Metric.PRECISION in exact:
        text += f", precision {metrics.get(Metric.PRECISION, 0.0):.3f} of {exact[Metric.PRECISION]:.3f}"
    return text
