"""Why tracks are similar: each family's share of the cosine; all pairs of a list at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from segue_core.contract import Family
from segue_core.similarity.arrays import Doubles, Singles
from segue_core.store.models import FamilyLayout, FamilyMap

_NO_COSINE = 1e-6
"""Below this cosine, shares of it would become arbitrarily large."""
_SIMILAR = 0.5
"""Cosine within a family from which its sound is called 'similar'."""


def family_slices(layout: Sequence[FamilyLayout], maps: Sequence[FamilyMap] = ()) -> dict[Family, slice]:
    """Each family's place in the model's vector."""
    slices: dict[Family, slice] = {}
    mapped = {part.family: len(part.matrix) for part in maps}
    start = 0
    for part in layout:
        end = start + mapped.get(part.family, len(part.dimensions))
        slices[part.family] = slice(start, end)
        start = end
    return slices


def _shares(parts: Doubles) -> Doubles:
    """Each family's share of each cosine, from `_by_family`: the part divided by the sum of all.

    A family in which the two differ has a negative share of a positive cosine. If the cosine itself is 0 (below 1e-6),
    there is nothing to divide: the shares are then those of the absolute contributions, or equal if these are 0 too.
    """
    sums = parts.sum(axis=1, keepdims=True)
    tiny = np.abs(sums[:, 0]) < _NO_COSINE
    if tiny.any():
        parts = np.where(tiny[:, None], np.abs(parts), parts)
        parts[parts.sum(axis=1) == 0.0] = 1.0
        sums = parts.sum(axis=1, keepdims=True)
    shares: Doubles = parts / sums
    return shares


def _alike(parts: Doubles, squares: Doubles, families: Sequence[Family]) -> list[tuple[Family, ...]]:
    alike = (parts > 0) & (parts >= _SIMILAR * np.sqrt(squares))
    order = np.argsort(-parts, axis=1, kind="stable")
    return [
        tuple([families[place] for place in places if mask[place]])
        for places, mask in zip(order.tolist(), alike.tolist(), strict=True)
    ]


@dataclass(frozen=True)
class Reasons:
    """Why each track of a list is in it."""

    shares: Doubles
    """(m, families) shares of its similarity to the query."""
    alike: list[tuple[Family, ...]]
    """The families in which it and its seed point in the same direction (a cosine of 0.5 within the family), those that
    contribute most to their cosine first."""
    strongest: list[Family]
    """The family with the largest share of its similarity to its seed."""


def explain_list(queries: Singles, seeds: Singles, hits: Singles, slices: Mapping[Family, slice]) -> Reasons:
    """Shares and families of a whole list: its rows pair by pair, from one product.

    Parameters
    ----------
    queries, seeds, hits
        (m, d) unit rows: what each hit was found with, and the track that it is compared with.
    slices
        From `family_slices`; together they cover all d dimensions.

    Returns
    -------
    Shares of a row add up to 1.
    """
    left, right = np.concatenate((queries, seeds, seeds, hits)), np.concatenate((hits, hits, seeds, hits))
    parts = np.split(_by_family(left, right, slices), 4)
    families = tuple(slices)
    shares, compared = np.split(_shares(np.concatenate(parts[:2])), 2)
    return Reasons(
        shares=shares,
        alike=_alike(parts[1], parts[2] * parts[3], families),
        strongest=[families[place] for place in np.argmax(compared, axis=1).tolist()],
    )


def _by_family(left: Singles, right: Singles, slices: Mapping[Family, slice]) -> Doubles:
    """Sums of the products over each family's dimensions; (m, families)."""
    products = np.multiply(left, right, dtype=np.float64)
    sums: Doubles = np.add.reduceat(products, [place.start for place in slices.values()], axis=1)
    return sums
