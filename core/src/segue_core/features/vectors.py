"""Whether a family's vector can be used: the one rule for whoever stores, trains on or recommends by it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from segue_core.contract import Exclusion, Family
from segue_core.features.layout import LAYOUT
from segue_core.features.recipes import dimension_names

LARGEST = 1e6
"""No audio gives a feature of more than some hundreds; a model of one that does would be about nothing else."""


@dataclass(frozen=True)
class Flaw:
    """Why a track's features cannot be used; the message completes a sentence about the track."""

    reason: Exclusion
    message: str


def find_flaw(family: Family, vector: object, names: Sequence[str]) -> Flaw | None:
    """Say what is wrong with a vector, which may be anything; None if it can be used.

    Parameters
    ----------
    names
        Names of the dimensions that it must have.
    """
    if vector is None:
        return Flaw(Exclusion.MISSING_FAMILY, f"it has no {family} features")
    if not isinstance(vector, list | tuple) or not set(map(type, vector)) <= {float, int}:
        return Flaw(Exclusion.LAYOUT_MISMATCH, f"its {family} features are not a list of numbers")
    if len(vector) != len(names):
        return Flaw(Exclusion.LAYOUT_MISMATCH, f"it has {len(vector)} {family} features instead of {len(names)}")
    if not all(map(math.isfinite, vector)):
        name, value = next(pair for pair in zip(names, vector, strict=True) if not math.isfinite(pair[1]))
        return Flaw(Exclusion.NON_FINITE_FEATURE, f"its feature {family}.{name} is {value}")
    if vector and (max(vector) > LARGEST or min(vector) < -LARGEST):
        name, value = max(zip(names, vector, strict=True), key=lambda pair: abs(pair[1]))
        return Flaw(Exclusion.NON_FINITE_FEATURE, f"its feature {family}.{name} is {value:g}, which no audio gives")
    return None


def find_first_flaw(families: Mapping[Family, Sequence[float]], recipe: str) -> Flaw | None:
    """Say what is wrong with a record's vectors; it must have every family of the analysis, and of its recipe."""
    flaws = (
        find_flaw(family, families.get(family), dimension_names(family, recipe) or ())
        for family in Family
        if family in LAYOUT or family in families or dimension_names(family, recipe) is not None
    )
    return next((flaw for flaw in flaws if flaw is not None), None)
