"""How good a space, an index and a clustering are, measured without listeners.

All work on lists of neighbours (`neighbours.neighbour_lists`) or on labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segue_jobs.similarity.arrays import Booleans, Bytes, Integers
from segue_jobs.similarity.neighbours import Groups

# ---------------------------------------------------------------------------------------------------------------
# Genres


def pack_genres(genres: Sequence[Sequence[str]]) -> Bytes:
    """Genre sets as bits, one row a track; shape (n, bytes)."""
    names: dict[str, int] = {}
    numbered = [[names.setdefault(name, len(names)) for name in track] for track in genres]
    packed = np.zeros((len(genres), max(1, (len(names) + 7) // 8)), dtype=np.uint8)
    for row, numbers in enumerate(numbered):
        for number in numbers:
            packed[row, number // 8] |= 1 << (number % 8)
    return packed


def _any_bit(packed: Bytes) -> Booleans:
    """Whether a row has any bit set; shape of all but the last axis."""
    found: Booleans = np.bitwise_or.reduce(packed, axis=-1) != 0
    return found


def precision_at_k(neighbours: Integers, queries: Integers, genres: Bytes) -> float:
    """Mean share of a list that has a genre in common with its query.

    Tracks without any genre are not judged: as queries they are left out, in lists they do not count (condensed
    lists; Sakai, Alternatives to Bpref, SIGIR 2007).

    Parameters
    ----------
    neighbours
        (q, k) of `neighbour_lists`; with an artist filter the measure does not reward finding the same record.
    queries
        (q,) row of each list's query.
    genres
        (n, bytes) of `pack_genres`.

    Returns
    -------
    0 to 1; NaN when no list can be judged.
    """
    labelled = _any_bit(genres)
    shares = []
    for start in range(0, len(queries), 4096):
        lists, block = neighbours[start : start + 4096], queries[start : start + 4096]
        judged = (lists >= 0) & labelled[lists]
        common = _any_bit(genres[lists] & genres[block][:, None, :]) & judged
        usable = labelled[block] & (judged.sum(axis=1) > 0)
        shares.append(common.sum(axis=1)[usable] / judged.sum(axis=1)[usable])
    values = np.concatenate(shares) if shares else np.empty(0)
    return float(values.mean()) if len(values) else float("nan")


def chance_level(genres: Bytes, *, artists: Groups | None = None, queries: Integers | None = None) -> float:
    """Precision of random lists: the mean share of a query's candidates that have a genre in common with it.

    For one genre a track and no filter this is the sum of the squared shares of the genres (less the query itself).

    Parameters
    ----------
    genres
        (n, bytes) of `pack_genres`.
    artists
        The artist filter of the lists.
    queries
        (q,) rows that were asked for; all by default.

    Returns
    -------
    0 to 1; NaN when no query has a candidate that can be judged.
    """
    queries = np.arange(len(genres)) if queries is None else queries
    labelled = _any_bit(genres)
    sets, member, sizes = np.unique(genres[labelled], axis=0, return_inverse=True, return_counts=True)
    set_of = np.full(len(genres), -1, dtype=np.intp)
    set_of[labelled] = member.reshape(-1)
    common_with = np.array([int(sizes[_any_bit(sets & row)].sum()) for row in sets])
    shares = []
    for query in queries[labelled[queries]]:
        own = artists.of(int(query)) if artists is not None else np.array([query])
        own = own[labelled[own]]
        candidates = int(labelled.sum()) - len(own)
        common = common_with[set_of[query]] - int(_any_bit(genres[own] & genres[query]).sum())
        if candidates > 0:
            shares.append(common / candidates)
    return float(np.mean(shares)) if shares else float("nan")


# ---------------------------------------------------------------------------------------------------------------
# Hubs


def occurrences(neighbours: Integers, tracks: int) -> Integers:
    """In how many lists each track stands, N_k; shape (n,)."""
    found: Integers = np.bincount(neighbours[neighbours >= 0], minlength=tracks).astype(np.intp)
    return found


def reach(counts: Integers) -> float:
    """Share of the catalogue that stands in at least one list.

    With a sample of q queries it cannot exceed q k / n: compare such values only for one and the same sample size.
    """
    return float((counts > 0).mean()) if len(counts) else 0.0


def anti_hub_share(counts: Integers) -> float:
    """Share of the catalogue that stands in no list: ``1 - reach``."""
    return 1.0 - reach(counts)


def hubness_skewness(counts: Integers) -> float:
    """Third standardised moment of N_k; above 1 a few tracks stand in very many lists.

    Source: Radovanović, Nanopoulos, Ivanović, Hubs in Space, JMLR 11 (2010). 0 when all counts are equal.
    """
    centred = counts - counts.mean() if len(counts) else np.zeros(1)
    deviation = float(np.sqrt((centred**2).mean()))
    return float((centred**3).mean() / deviation**3) if deviation > 0 else 0.0


def recall(found: Integers, exact: Integers) -> float:
    """Share of the exact neighbours that were found, over all queries.

    Parameters
    ----------
    found
        (q, k) lists through the nearest cells, of `neighbour_lists` with ``cells``.
    exact
        (q, k) lists of the same queries without.
    """
    pairs = zip(found, exact, strict=True)
    hits = sum(len(np.intersect1d(left[left >= 0], right[right >= 0])) for left, right in pairs)
    wanted = int((exact >= 0).sum())
    return hits / wanted if wanted else 1.0


# ---------------------------------------------------------------------------------------------------------------
# Clusterings


def adjusted_rand_index(left: Integers, right: Integers) -> float:
    """Agreement of two clusterings of the same tracks, corrected for chance: 1 for equal ones, about 0 for unrelated.

    Source: Hubert, Arabie, Comparing Partitions, Journal of Classification 2 (1985).

    Raises
    ------
    ValueError
        The two do not label the same number of tracks.
    """
    if left.shape != right.shape:
        raise ValueError(f"clusterings of {len(left)} and {len(right)} tracks cannot be compared")

    def pairs(counts: Integers) -> float:
        exact = counts.astype(np.float64)
        return float((exact * (exact - 1.0) / 2.0).sum())

    if len(left) < 2:
        return 1.0
    _, first = np.unique(left, return_inverse=True)
    _, second = np.unique(right, return_inverse=True)
    _, both = np.unique(first * (int(second.max()) + 1) + second, return_counts=True)
    in_left, in_right = pairs(np.bincount(first)), pairs(np.bincount(second))
    expected = in_left * in_right / (len(left) * (len(left) - 1) / 2.0)
    most = (in_left + in_right) / 2.0
    return (pairs(both) - expected) / (most - expected) if most != expected else 1.0


@dataclass(frozen=True)
class ClusterSizes:
    """How evenly a clustering divides its tracks."""

    smallest: int
    median: float
    largest: int
    empty: int
    gini: float
    """0 for equal sizes, towards 1 for one cluster that holds all."""


def cluster_sizes(cells: Integers, k: int) -> ClusterSizes:
    """Sizes of k clusters, empty ones included.

    Parameters
    ----------
    cells
        (n,) cluster of each track.
    k
        Number of clusters, at least 1.
    """
    sizes = np.sort(np.bincount(cells, minlength=k))
    total = int(sizes.sum())
    ranks = np.arange(1, k + 1)
    gini = float((2 * ranks - k - 1) @ sizes / (k * total)) if total else 0.0
    return ClusterSizes(
        smallest=int(sizes[0]),
        median=float(np.median(sizes)),
        largest=int(sizes[-1]),
        empty=int((sizes == 0).sum()),
        gini=gini,
    )
