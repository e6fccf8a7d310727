"""Keeps the identity of clusters when training again: new clusters take the number of the old one they continue."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segue_core.similarity.arrays import Integers


@dataclass(frozen=True)
class Matching:
    """Which old cluster each new one continues."""

    numbers: Integers
    """(k_new,) permanent number of each new cluster; if it continues no old cluster, its number is new."""
    churn: float
    """Share of the tracks in both clusterings that have changed their cluster; 0 to 1."""


def match_clusters(old: Integers, new: Integers, *, old_numbers: Integers, k: int, first_free: int = 0) -> Matching:
    """Match new clusters to old ones so that as many tracks as possible stay in their cluster.

    This is the optimal one-to-one matching by shared members (Kuhn, The Hungarian Method, 1955).

    Parameters
    ----------
    old, new
        (n,) clusters of the tracks that are in both clusterings, in the same order.
    old_numbers
        (k_old,) permanent number of each old cluster; initially ``arange(k_old)``.
    k
        Number of new clusters.
    first_free
        Smaller numbers have been used, possibly by clusters that no longer exist.

    Returns
    -------
    Numbers of the new clusters, all different. Clusters without shared members get the next free numbers.

    Raises
    ------
    ValueError
        The two have different numbers of tracks.
    """
    from scipy.optimize import linear_sum_assignment  # a fifth of the program's imports, and no first run needs it

    if old.shape != new.shape:
        raise ValueError(f"cannot match clusterings of {len(old)} and {len(new)} tracks")
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
