"""A listener's tastes: likes that sound alike form a taste, and every taste gets its share of the list.

The mean of all likes would lie between them, where there is nothing: who likes chant and metal wants no average.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from segue_core.recommend.question_errors import RecommendError
from segue_core.similarity.arrays import Doubles, Integers, Singles

MAXIMUM_LIKES = 1000
_LEAST_PLACES = 2
"""Hits that a taste gets however little it weighs."""


def group_tastes(vectors: Singles, threshold: float) -> tuple[Integers, ...]:
    """Group likes by average linkage: merge two groups as long as their mean cosine reaches the threshold.

    Parameters
    ----------
    vectors
        (m, d) unit rows of the likes, ordered by id, so that the order in which they were given does not matter.
    threshold
        Mean cosine, above 0, from which two groups form one taste.

    Returns
    -------
    Rows of each taste, ascending; largest taste first, then by first row.

    Raises
    ------
    RecommendError
        There are more than `MAXIMUM_LIKES` likes.
    """
    if len(vectors) > MAXIMUM_LIKES:
        raise RecommendError(f"{len(vectors)} likes are too many; give the {MAXIMUM_LIKES} that matter most")
    exact = vectors.astype(np.float64)
    linkage = exact @ exact.T
    np.fill_diagonal(linkage, -np.inf)
    nearest = np.argmax(linkage, axis=1) if len(linkage) else np.empty(0, dtype=np.intp)
    best = linkage[np.arange(len(linkage)), nearest]
    groups = {row: [row] for row in range(len(vectors))}
    while len(groups) > 1:
        one = int(np.argmax(best))
        if best[one] < threshold:
            break
        left, right = sorted((one, int(nearest[one])))
        sizes = len(groups[left]), len(groups[right])
        merged = (sizes[0] * linkage[left] + sizes[1] * linkage[right]) / sum(sizes)
        merged[[left, right]] = -np.inf
        linkage[left], linkage[:, left] = merged, merged
        linkage[right], linkage[:, right] = -np.inf, -np.inf
        groups[left] += groups.pop(right)
        best[right] = -np.inf
        # Average linkage is reducible: nothing comes nearer to a merged group, so only these rows must look again.
        stale = (nearest == left) | (nearest == right)
        stale[left], stale[right] = True, False
        stale &= best > -np.inf
        nearest[stale] = np.argmax(linkage[stale], axis=1)
        best[stale] = linkage[stale, nearest[stale]]
    ordered = sorted((sorted(rows) for rows in groups.values()), key=lambda rows: (-len(rows), rows[0]))
    return tuple(np.array(rows, dtype=np.intp) for rows in ordered)


def merge_tastes(
    groups: Sequence[Integers], neighbours: Callable[[Integers], Integers], share: float
) -> tuple[Integers, ...]:
    """Merge groups that share neighbours, those that share most first: they ask for the same music twice.

    Parameters
    ----------
    groups
        From `group_tastes`.
    neighbours
        Ascending rows of the catalogue near a group; asked once for every group and every merged one.
    share
        Two groups are merged if the smaller of their neighbourhoods has this share of its rows in the other.
    """
    if len(groups) < 2:
        return tuple(groups)
    found = {number: (group, neighbours(group)) for number, group in enumerate(groups)}
    common = {
        (left, right): _common(found[left][1], found[right][1]) for left in found for right in found if left < right
    }
    while common:
        (left, right), most = max(common.items(), key=lambda item: (item[1], (-item[0][0], -item[0][1])))
        if most < share:
            break
        group = np.sort(np.concatenate((found.pop(left)[0], found.pop(right)[0])))
        common = {pair: value for pair, value in common.items() if not {left, right} & set(pair)}
        near = neighbours(group)
        common |= {(min(left, one), max(left, one)): _common(near, found[one][1]) for one in found}
        found[left] = group, near
    ordered = sorted((group for group, _ in found.values()), key=lambda rows: (-len(rows), rows[0]))
    return tuple(ordered)


def join_singles(vectors: Singles, groups: Sequence[Integers], threshold: float) -> tuple[Integers, ...]:
    """Let a row that stands alone join the nearest group, if it is not far from it: one odd like is seldom a taste.

    Parameters
    ----------
    vectors
        (m, d) unit rows of the likes.
    groups
        From `group_tastes`.
    threshold
        Mean cosine to a group from which a row joins it. If all rows stand alone, they stay so.
    """
    joined = {int(group[0]): [group] for group in groups if len(group) > 1}
    rest = [parts[0] for parts in joined.values()]
    kept = []
    for single in (group for group in groups if len(group) == 1):
        nearness = [float((vectors[group] @ vectors[single[0]]).mean()) for group in rest]
        if nearness and max(nearness) >= threshold:
            joined[int(rest[int(np.argmax(nearness))][0])].append(single)
        else:
            kept.append(single)
    made = [np.sort(np.concatenate(parts)) for parts in joined.values()]
    return tuple(sorted((*made, *kept), key=lambda rows: (-len(rows), rows[0])))


def _common(left: Integers, right: Integers) -> float:
    smaller = min(len(left), len(right))
    return len(np.intersect1d(left, right, assume_unique=True)) / smaller if smaller else 0.0


def centre(vectors: Singles, weights: Doubles | None = None) -> Singles:
    """Direction of a taste: the normalised mean of its likes; (d,).

    Parameters
    ----------
    vectors
        (m, d) unit rows of one taste; their mean is not zero, as their mean cosine is above 0.
    weights
        (m,) by default, all the same.
    """
    mean = np.average(vectors.astype(np.float64), axis=0, weights=weights)
    norm = float(np.linalg.norm(mean))
    if norm == 0.0:  # weights can balance rows that are opposites
        mean, norm = vectors[0].astype(np.float64), 1.0
    unit: Singles = (mean / norm).astype(np.float32)
    return unit


def quotas(sizes: Sequence[float], limit: int) -> list[int]:
    """How many hits each taste gets: two, and of the rest a part in proportion to the square of its weight.

    The square, because more is known of a weightier taste, so each of its places is worth more, too. Two would be more
    than half of an equal share if tastes are many: they get one. If there are more tastes than hits, the first get one.

    Parameters
    ----------
    sizes
        Weight of each taste, largest first; above 0.
    limit
        Total number of hits: the sum of the quotas.
    """
    if not sizes:
        return []
    if len(sizes) >= limit:
        return [int(place < limit) for place in range(len(sizes))]
    floor = min(_LEAST_PLACES, max(1, limit // (2 * len(sizes))))
    rest, worth = limit - floor * len(sizes), [(size / sizes[0]) ** 2 for size in sizes]
    shares = [rest * one / sum(worth) for one in worth]
    given = [floor + int(share) for share in shares]
    by_remainder = sorted(range(len(sizes)), key=lambda place: (-(shares[place] - int(shares[place])), place))
    for place in by_remainder[: limit - sum(given)]:
        given[place] += 1
    return given


def next_taste(given: Sequence[int], wanted: Sequence[int], open_tastes: Sequence[int]) -> int:
    """The taste that is furthest behind its quota; choosing it interleaves the tastes from the first hit on.

    Parameters
    ----------
    given
        Number of hits of each taste so far.
    wanted
        `quotas`.
    open_tastes
        Tastes that still have candidates; at least one.
    """
    if len(open_tastes) == 1:
        return open_tastes[0]
    step = sum(given) + 1
    total = max(1, sum(wanted))
    return max(open_tastes, key=lambda taste: (wanted[taste] * step / total - given[taste], -taste))
