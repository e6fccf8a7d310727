"""Why two tracks are similar: shares by family that add up, and the differences in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from segue_jobs.contract import Family
from segue_jobs.models import FamilyLayout
from segue_jobs.similarity.arrays import Doubles, Singles

_NO_COSINE = 1e-6
"""Below this cosine the shares of it would be arbitrarily large."""
_SIMILAR = 0.5
"""Cosine inside one family from which people are told 'similar'."""


def family_slices(layout: Sequence[FamilyLayout]) -> dict[Family, slice]:
    """Each family's place in the model's vector."""
    slices: dict[Family, slice] = {}
    start = 0
    for part in layout:
        slices[part.family] = slice(start, start + len(part.dimensions))
        start += len(part.dimensions)
    return slices


def family_shares(query: Singles, candidate: Singles, slices: Mapping[Family, slice]) -> dict[Family, float]:
    """Each family's share of a cosine: the sum of ``q_i c_i`` over its dimensions, divided by the cosine.

    The shares add up to 1. A family in which the two differ has a negative share of a positive cosine. Where the
    cosine itself is 0 (below 1e-6) there is nothing to share out: the shares are then those of the absolute
    contributions, and equal ones where these are 0 as well.

    Parameters
    ----------
    query, candidate
        (d,) unit vectors.
    slices
        Of `family_slices`; together they cover all d dimensions.
    """
    products = np.multiply(query, candidate, dtype=np.float64)
    parts = np.array([products[place].sum() for place in slices.values()])
    total = float(parts.sum())
    if abs(total) < _NO_COSINE:
        parts = np.abs(parts)
        total = float(parts.sum())
    if total == 0.0:
        parts, total = np.ones(len(slices)), float(len(slices))
    return {family: float(part / total) for family, part in zip(slices, parts, strict=True)}


def similar_families(query: Singles, candidate: Singles, slices: Mapping[Family, slice]) -> tuple[Family, ...]:
    """Families in which the two point the same way (cosine of at least 0.5 inside the family).

    Those that contribute most to the cosine come first.
    """
    alike: dict[Family, float] = {}
    for family, place in slices.items():
        left, right = query[place].astype(np.float64), candidate[place].astype(np.float64)
        contribution = float(left @ right)
        if contribution > 0 and contribution >= _SIMILAR * float(np.linalg.norm(left) * np.linalg.norm(right)):
            alike[family] = contribution
    return tuple(sorted(alike, key=lambda family: -alike[family]))


def largest_contributions(
    query: Singles, candidate: Singles, names: Sequence[str], count: int = 5
) -> tuple[tuple[str, float], ...]:
    """The dimensions that contribute most to a cosine, with ``q_i c_i``; ties in the order of the dimensions.

    Parameters
    ----------
    query, candidate
        (d,) unit vectors.
    names
        Name of each dimension.
    count
        How many.
    """
    products: Doubles = np.multiply(query, candidate, dtype=np.float64)
    order = np.argsort(-products, kind="stable")[:count]
    return tuple((names[index], float(products[index])) for index in order)
