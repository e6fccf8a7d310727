"""Which stored tracks can be part of a model. Pure: documents in, decisions out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from segue_jobs.contract import Exclusion, Family
from segue_jobs.features.layout import LAYOUT


@dataclass(frozen=True)
class Excluded:
    """Why a track is not part of the model."""

    reason: Exclusion
    message: str


def _family_problem(family: Family, vector: Any) -> Excluded | None:
    names = LAYOUT[family]
    if vector is None:
        return Excluded(Exclusion.MISSING_FAMILY, f"has no {family} features: extract the track again")
    if not isinstance(vector, list | tuple) or not set(map(type, vector)) <= {float, int}:
        return Excluded(Exclusion.LAYOUT_MISMATCH, f"{family} is not a list of numbers: extract the track again")
    if len(vector) != len(names):
        return Excluded(
            Exclusion.LAYOUT_MISMATCH,
            f"{family} has {len(vector)} numbers instead of {len(names)}: extract the track again",
        )
    if not all(map(math.isfinite, vector)):
        name, value = next(pair for pair in zip(names, vector, strict=True) if not math.isfinite(pair[1]))
        return Excluded(Exclusion.NON_FINITE_FEATURE, f"{family}.{name} is {value}: extract the track again")
    return None


def find_problem(document: Mapping[str, Any], families: Sequence[Family]) -> Excluded | None:
    """Say why a track's document cannot be used, or None when it can.

    Parameters
    ----------
    document
        Document of collection ``tracks``; may hold anything.
    families
        The model's families.
    """
    stored = document.get("families")
    if not isinstance(stored, Mapping):
        return Excluded(Exclusion.MISSING_FAMILY, "has no features: extract the track again")
    for family in families:
        if problem := _family_problem(family, stored.get(family)):
            return problem
    if not isinstance(document.get("recipe"), str):
        return Excluded(Exclusion.RECIPE_MISMATCH, "names no recipe: extract the track again")
    return None


def choose_recipe(counts: Mapping[str, int]) -> str:
    """The recipe that most tracks share; of equally common ones the first in the alphabet."""
    return min(counts, key=lambda recipe: (-counts[recipe], recipe))


def recipe_mismatch(own: str, chosen: str) -> Excluded:
    """Exclusion of a track whose recipe is not the model's."""
    return Excluded(
        Exclusion.RECIPE_MISMATCH,
        f"was analysed with recipe {own}, most of the catalogue with {chosen}: ingest it again with that one",
    )
