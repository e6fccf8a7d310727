"""A listener's tastes: likes that sound alike are one taste, and every taste gets its share of the list.

One mean over all likes lies between them, where nothing is: chant and metal do not average to anything one asked for.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from segue_jobs.recommend.errors import RecommendError
from segue_jobs.similarity.arrays import Integers, Singles

MAXIMUM_LIKES = 1000


def group_tastes(vectors: Singles, threshold: float) -> tuple[Integers, ...]:
    """Group likes by average linkage: two groups become one while their mean cosine reaches the threshold.

    Parameters
    ----------
    vectors
        (m, d) unit rows of the likes; pass them in the order of their ids, then the order in which they were given
        does not matter.
    threshold
        Mean cosine above 0 from which two groups are one taste.

    Returns
    -------
    Rows of each taste, ascending; the largest taste first, then by first row.

    Raises
    ------
    RecommendError
        More than `MAXIMUM_LIKES` likes.
    """
    if len(vectors) > MAXIMUM_LIKES:
        raise RecommendError(f"{len(vectors)} likes are too many; give the {MAXIMUM_LIKES} that matter most")
    exact = vectors.astype(np.float64)
    linkage = exact @ exact.T
    np.fill_diagonal(linkage, -np.inf)
    groups = {row: [row] for row in range(len(vectors))}
    while len(groups) > 1:
        left, right = sorted(int(place) for place in np.unravel_index(int(np.argmax(linkage)), linkage.shape))
        if linkage[left, right] < threshold:
            break
        sizes = len(groups[left]), len(groups[right])
        merged = (sizes[0] * linkage[left] + sizes[1] * linkage[right]) / sum(sizes)
        merged[[left, right]] = -np.inf
        linkage[left], linkage[:, left] = merged, merged
        linkage[right], linkage[:, right] = -np.inf, -np.inf
        groups[left] += groups.pop(right)
    ordered = sorted((sorted(rows) for rows in groups.values()), key=lambda rows: (-len(rows), rows[0]))
    return tuple(np.array(rows, dtype=np.intp) for rows in ordered)


def centre(vectors: Singles) -> Singles:
    """Direction of a taste: the mean of its likes at unit length; (d,).

    Parameters
    ----------
    vectors
        (m, d) unit rows of one taste; their mean is not zero, as their mean cosine is above 0.
    """
    mean = vectors.astype(np.float64).mean(axis=0)
    unit: Singles = (mean / np.linalg.norm(mean)).astype(np.float32)
    return unit


def quotas(sizes: Sequence[int], limit: int) -> list[int]:
    """How many hits each taste gets: in proportion to its likes, yet at least half of an equal share, and one.

    With more tastes than hits the first ones get one each.

    Parameters
    ----------
    sizes
        Likes of each taste, largest first.
    limit
        Hits in all: the sum of the quotas.
    """
    if not sizes:
        return []
    if len(sizes) >= limit:
        return [int(place < limit) for place in range(len(sizes))]
    floor = max(1, limit // (2 * len(sizes)))
    rest = limit - floor * len(sizes)
    shares = [rest * size / sum(sizes) for size in sizes]
    given = [floor + int(share) for share in shares]
    by_remainder = sorted(range(len(sizes)), key=lambda place: (-(shares[place] - int(shares[place])), place))
    for place in by_remainder[: limit - sum(given)]:
        given[place] += 1
    return given


def next_taste(given: Sequence[int], wanted: Sequence[int], open_tastes: Sequence[int]) -> int:
    """Taste that is furthest behind its quota: this interleaves the tastes from the first hit on.

    Parameters
    ----------
    given
        Hits of each taste so far.
    wanted
        `quotas`.
    open_tastes
        Tastes that still have candidates; at least one.
    """
    step = sum(given) + 1
    total = max(1, sum(wanted))
    return max(open_tastes, key=lambda taste: (wanted[taste] * step / total - given[taste], -taste))
