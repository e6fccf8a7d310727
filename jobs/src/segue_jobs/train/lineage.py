"""Tracks clusters across the versions of a catalogue: a cluster that continues keeps its number.

It compares the tracks of the sample that k was chosen on with the active version: that is the version that people have
seen, and with a sample the size of the catalogue does not matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segue_core.similarity.arrays import Integers
from segue_core.store.models import ModelDocument
from segue_jobs.train.matching import match_clusters


@dataclass(frozen=True)
class Lineage:
    """How the clusters continue those of the previous version."""

    order: Integers
    """(k,) new clusters, ordered by number."""
    numbers: tuple[int, ...]
    """(k,) their numbers, ascending."""
    next_number: int
    """The first number that no cluster has ever had."""
    churn: float | None
    """Share of the compared tracks that changed their cluster; None if there was nothing to compare."""


def first_lineage(k: int) -> Lineage:
    """Number the clusters of a catalogue's first version."""
    return Lineage(order=np.arange(k), numbers=tuple(range(k)), next_number=k, churn=None)


def follow(before: ModelDocument, old: Integers, new: Integers, k: int) -> Lineage:
    """Number the clusters of a new version.

    Parameters
    ----------
    before
        The previous version.
    old, new
        (n,) clusters of tracks that are in both versions, in the same order.
    k
        Number of new clusters.
    """
    old_numbers = np.array(before.cluster_numbers or range(before.k), dtype=np.intp)
    matching = match_clusters(old, new, old_numbers=old_numbers, k=k, first_free=before.next_cluster_number)
    order = np.argsort(matching.numbers)
    numbers = tuple(matching.numbers[order].tolist())
    used = max(before.next_cluster_number, *(number + 1 for number in (*old_numbers.tolist(), *numbers)))
    return Lineage(order=order, numbers=numbers, next_number=used, churn=matching.churn if len(old) else None)


def keep_names(fresh: Sequence[str], numbers: Sequence[int], before: ModelDocument | None) -> tuple[str, ...]:
    """Names of the clusters: a cluster that keeps its number keeps its name, the others get a fresh one.

    Parameters
    ----------
    fresh
        (k,) names after the tracks that are in the clusters now, all different.
    numbers
        (k,) permanent numbers.
    before
        The previous version, if there is one.
    """
    known: dict[int, str] = {}
    if before is not None:
        old = before.cluster_numbers or range(before.k)
        known = dict(zip(old, before.cluster_names, strict=False))
    kept = {number: known[number] for number in numbers if number in known}
    taken, names = set(kept.values()), []
    for name, number in zip(fresh, numbers, strict=True):
        if number not in kept:
            while name in taken:
                name = f"{name} #{number}"  # noqa: PLW2901 - another cluster keeps it
            taken.add(name)
        names.append(kept.get(number, name))
    return tuple(names)
