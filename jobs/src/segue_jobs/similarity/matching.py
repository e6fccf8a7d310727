"""Clusters keep their identity over a retraining: new ones take the number of the old one whose members they have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from segue_jobs.similarity.arrays import Integers


@dataclass(frozen=True)
class Matching:
    """Which old cluster each new one continues."""

    numbers: Integers
    """(k_new,) lasting number of each new cluster; one that continues none has a number that no old one had."""
    churn: float
    """Share of the tracks in both clusterings that are in another cluster now; 0 to 1."""


def match_clusters(old: Integers, new: Integers, *, old_numbers: Integers, k: int, first_free: int = 0) -> Matching:
    """Match new clusters to old ones so that as many tracks as possible stay where they were.

    The optimal one-to-one matching on shared members (Kuhn, The Hungarian Method, 1955).

    Parameters
    ----------
    old, new
        (n,) clusters of the tracks that are in both clusterings, row by row the same track.
    old_numbers
        (k_old,) lasting number of each old cluster, ``arange(k_old)`` at first.
    k
        Number of new clusters.
    first_free
        Numbers below it have been used, if only by clusters that are gone.

    Returns
    -------
    Numbers of the new clusters, all different. Clusters without any shared member get the next free numbers.

    Raises
    ------
    ValueError
        The two do not label the same number of tracks.
    """
    if old.shape != new.shape:
        raise ValueError(f"clusterings of {len(old)} and {len(new)} tracks cannot be matched")
    shared = np.zeros((k, len(old_numbers)), dtype=np.int64)
    np.add.at(shared, (new, old), 1)
    left, right = linear_sum_assignment(shared, maximize=True)
    continued = shared[left, right] > 0
    numbers = np.full(k, -1, dtype=np.intp)
    numbers[left[continued]] = old_numbers[right[continued]]
    fresh = np.flatnonzero(numbers < 0)
    numbers[fresh] = max(first_free, int(old_numbers.max(initial=-1)) + 1) + np.arange(len(fresh))
    stayed = int(shared[left, right].sum())
    return Matching(numbers=numbers, churn=1.0 - stayed / len(old) if len(old) else 0.0)
