"""Clusters over the versions of a catalogue: a cluster that goes on keeps its number.

Followed are the tracks of the sample that the model was chosen by, in the version that is active: that is what people
have seen, and a sample takes as long for any catalogue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pymongo.database import Database

from segue_jobs.models import ModelDocument, model_key
from segue_jobs.runtime.mongodb import Collection, Document, find_by_ids
from segue_jobs.similarity.arrays import Integers
from segue_jobs.similarity.matching import match_clusters


@dataclass(frozen=True)
class Lineage:
    """What became of the clusters of the version before."""

    order: Integers
    """(k,) new clusters in the order of their numbers."""
    numbers: tuple[int, ...]
    """(k,) numbers in that order, ascending."""
    next_number: int
    """The first number that no cluster has had."""
    churn: float | None
    """Share of the followed tracks that changed their cluster; None where there was nothing to follow."""


def first_lineage(k: int) -> Lineage:
    """Clusters of a catalogue's first version are numbered as they come."""
    return Lineage(order=np.arange(k), numbers=tuple(range(k)), next_number=k, churn=None)


def follow(before: ModelDocument, old: Integers, new: Integers, k: int) -> Lineage:
    """Number the clusters of a new version.

    Parameters
    ----------
    before
        The version before.
    old, new
        (n,) clusters of tracks that are in both, row by row the same track.
    k
        Number of new clusters.
    """
    old_numbers = np.array(before.cluster_numbers or range(before.k), dtype=np.intp)
    matching = match_clusters(old, new, old_numbers=old_numbers, k=k, first_free=before.next_cluster_number)
    order = np.argsort(matching.numbers)
    numbers = tuple(matching.numbers[order].tolist())
    used = max(before.next_cluster_number, *(number + 1 for number in (*old_numbers.tolist(), *numbers)))
    return Lineage(order=order, numbers=numbers, next_number=used, churn=matching.churn if len(old) else None)


def old_clusters(target: Database[Document], before: ModelDocument, track_ids: Sequence[str]) -> Integers:
    """Clusters of the tracks in a version, -1 for a track that was not in it; (n,)."""
    key = model_key(before.catalogue, before.number)
    names = [f"{key}:{track_id}" for track_id in track_ids]
    found = {
        entry["_id"]: entry["cluster"]
        for entry in find_by_ids(target[Collection.ASSIGNMENTS], names, ["cluster"])
        if entry.get("cluster") is not None
    }
    return np.array([found.get(name, -1) for name in names], dtype=np.intp)
