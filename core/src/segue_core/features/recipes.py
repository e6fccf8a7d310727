"""Recipes: what a track's vectors depend on besides the audio, in parts.

The first part is about the analysis that all tracks have, for example ``segue-1-0f3a…``. A family that not all tracks
have adds a part of its own: ``segue-1-0f3a…+learned.200.9c1d…`` has 200 learned dimensions. So adding a family leaves
the other vectors as good as they were, and a model depends only on the parts of its own families.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from segue_core.contract import Family
from segue_core.features.layout import LAYOUT

MAXIMUM_DIMENSIONS = 4096
"""Of a family whose network determines its dimensions."""
_BETWEEN = "+"


def optional_part(family: Family, dimensions: int, digest: str) -> str:
    """The part of a family that not all tracks have."""
    return f"{family}.{dimensions}.{digest}"


def join_recipe(analysis: str, parts: Iterable[str]) -> str:
    """The recipe of an analysis and of optional families."""
    return _BETWEEN.join((analysis, *sorted(parts)))


@lru_cache(maxsize=4096)
def covers(stored: str, wanted: str) -> bool:
    """Whether vectors of one recipe are, or contain, those of another."""
    analysis, *parts = stored.split(_BETWEEN)
    wanted_analysis, *wanted_parts = wanted.split(_BETWEEN)
    return analysis == wanted_analysis and set(wanted_parts) <= set(parts)


@lru_cache(maxsize=4096)
def restrict(recipe: str, families: tuple[Family, ...]) -> str:
    """The parts of a recipe that vectors of these families depend on."""
    analysis, *parts = recipe.split(_BETWEEN)
    return join_recipe(analysis, (part for part in parts if part.partition(".")[0] in families))


@lru_cache(maxsize=4096)
def dimension_names(family: Family, recipe: str) -> tuple[str, ...] | None:
    """Names of a family's dimensions; None if a track with this recipe does not have the family."""
    if family in LAYOUT:
        return LAYOUT[family]
    for part in recipe.split(_BETWEEN)[1:]:
        name, _, rest = part.partition(".")
        count = rest.partition(".")[0]
        if name == family and count.isascii() and count.isdecimal() and 1 <= int(count[:6]) <= MAXIMUM_DIMENSIONS:
            return tuple(f"{family}_{place:03d}" for place in range(int(count[:6])))
    return None
