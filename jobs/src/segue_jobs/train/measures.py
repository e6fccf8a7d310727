"""How good a space, an index and a clustering are, without asking listeners.

All measures work on lists of neighbours (`neighbours.neighbour_lists`) or on labels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from segue_core.similarity.arrays import Booleans, Bytes, Doubles, Integers
from segue_jobs.train.neighbours import Groups

# ---------------------------------------------------------------------------------------------------------------
# Genres


def pack_genres(genres: Sequence[Sequence[str]]) -> Bytes:
    """Genre sets as bits, one row per track; shape (n, bytes)."""
    names: dict[str, int] = {}
    numbered = [[names.setdefault(name, len(names)) for name in track] for track in genres]
    packed = np.zeros((len(genres), max(1, (len(names) + 7) // 8)), dtype=np.uint8)
    for row, numbers in enumerate(numbered):
        for number in numbers:
            packed[row, number // 8] |= 1 << (number % 8)
    return packed


def _any_bit(packed: Bytes) -> Booleans:
    """Whether any bit is set along the last axis."""
    found: Booleans = np.bitwise_or.reduce(packed, axis=-1) != 0
    return found


def precisions_at_k(neighbours: Integers, queries: Integers, genres: Bytes) -> Doubles:
    """Share of each list that has a genre in common with the query.

    Tracks without a genre are ignored, both as queries and in lists (condensed lists; Sakai, Alternatives to Bpref,
    SIGIR 2007).

    Parameters
    ----------
    neighbours
        (q, k) from `neighbour_lists`; with an artist filter, so that finding the same album is not rewarded.
    queries
        (q,) the query's row for each list.
    genres
        (n, bytes) from `pack_genres`.

    Returns
    -------
    (q,) 0 to 1; NaN where a list cannot be judged.
    """
    labelled = _any_bit(genres)
    values = np.full(len(queries), np.nan)
    for start in range(0, len(queries), 4096):
        lists, block = neighbours[start : start + 4096], queries[start : start + 4096]
        judged = (lists >= 0) & labelled[lists]
        common = _any_bit(genres[lists] & genres[block][:, None, :]) & judged
        usable = labelled[block] & (judged.sum(axis=1) > 0)
        values[start : start + 4096][usable] = common.sum(axis=1)[usable] / judged.sum(axis=1)[usable]
    return values


def precision_at_k(neighbours: Integers, queries: Integers, genres: Bytes) -> float:
    """Mean of `precisions_at_k`; NaN if no list can be judged."""
    return mean_of_judged(precisions_at_k(neighbours, queries, genres))


def mean_of_judged(values: Doubles) -> float:
    """Mean of the values that are not NaN; NaN if there are none."""
    judged = values[~np.isnan(values)]
    return float(judged.mean()) if len(judged) else math.nan


def chance_level(genres: Bytes, *, artists: Groups | None = None, queries: Integers | None = None) -> float:
    """Precision of random lists: the mean share of a query's candidates with a genre in common.

    With one genre per track and no filter, this is the sum of the genres' squared shares (without the query itself).

    Parameters
    ----------
    genres
        (n, bytes) from `pack_genres`.
    artists
        The lists' artist filter.
    queries
        (q,) rows used as queries; by default, all.

    Returns
    -------
    0 to 1; NaN if no query has a candidate that can be judged.
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
    """Number of lists that contain each track, N_k; shape (n,)."""
    found: Integers = np.bincount(neighbours[neighbours >= 0], minlength=tracks).astype(np.intp)
    return found


def reach(counts: Integers) -> float:
    """Share of the catalogue that is in at least one list.

    With a sample of q queries it cannot exceed q k / n: compare values only for the same sample size.
    """
    return float((counts > 0).mean()) if len(counts) else 0.0


def anti_hub_share(counts: Integers) -> float:
    """Share of the catalogue that is in no list: ``1 - reach``."""
    return 1.0 - reach(counts)


def hubness_skewness(counts: Integers) -> float:
    """Third standardised moment of N_k; above 1, a few tracks are in very many lists.

    Source: Radovanović, Nanopoulos, Ivanović, Hubs in Space, JMLR 11 (2010). It is 0 if all counts are equal.
    """
    centred = counts - counts.mean() if len(counts) else np.zeros(1)
    deviation = float(np.sqrt((centred**2).mean()))
    return float((centred**3).mean() / deviation**3) if deviation > 0 else 0.0


def recall(found: Integers, exact: Integers) -> float:
    """Share of the exact neighbours that were found, over all queries.

    Parameters
    ----------
    found
        (q, k) lists from `neighbour_lists` with ``cells``.
    exact
        (q, k) lists for the same queries without ``cells``.
    """
    pairs = zip(found, exact, strict=True)
    hits = sum(len(np.intersect1d(left[left >= 0], right[right >= 0])) for left, right in pairs)
    wanted = int((exact >= 0).sum())
    return hits / wanted if wanted else 1.0
