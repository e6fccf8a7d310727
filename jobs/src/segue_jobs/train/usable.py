"""Which stored tracks a model can use. Pure: documents in, decisions out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from segue_core.contract import ANALYSED_FAMILIES, Exclusion, Family
from segue_core.features.recipes import dimension_names
from segue_core.features.vectors import Flaw, find_flaw

_WAY_OUT = ": extract the track again"
_LISTEN = ": extract the track again with a TrackBatch that has extraction.learned"


def find_problem(document: Mapping[str, Any], families: Sequence[Family]) -> Flaw | None:
    """Say why a track's document cannot be used; None if it can.

    Parameters
    ----------
    document
        Document of collection ``tracks``; may contain anything.
    families
        The model's families.
    """
    stored = document.get("families")
    if not isinstance(stored, Mapping):
        return Flaw(Exclusion.MISSING_FAMILY, "it has no features" + _WAY_OUT)
    recipe = document.get("recipe")
    for family in families:
        names = dimension_names(family, recipe if isinstance(recipe, str) else "")
        vector = None if names is None else stored.get(family)
        if flaw := find_flaw(family, vector, names or ()):
            return Flaw(flaw.reason, flaw.message + (_WAY_OUT if family in ANALYSED_FAMILIES else _LISTEN))
    if not isinstance(recipe, str):
        return Flaw(Exclusion.RECIPE_MISMATCH, "it has no recipe" + _WAY_OUT)
    return None


def choose_recipe(counts: Mapping[str, int]) -> str:
    """The most common recipe; among equally common ones, the first in alphabetical order."""
    return min(counts, key=lambda recipe: (-counts[recipe], recipe))


def recipe_mismatch(own: str, chosen: str) -> Flaw:
    """Why to exclude a track whose recipe is not the model's."""
    return Flaw(
        Exclusion.RECIPE_MISMATCH,
        f"its recipe is {own}, but that of most tracks is {chosen}: ingest it again with that recipe",
    )
