"""A recipe has parts: a family that not all tracks have adds one, and leaves the others as good as they were."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_core.contract import ANALYSED_FAMILIES, Family
from segue_core.features.layout import LAYOUT
from segue_core.features.recipes import covers, dimension_names, join_recipe, optional_part, restrict

PLAIN = "segue-1-0f3a"
PART = optional_part(Family.LEARNED, 200, "9c1d")
LEARNED = join_recipe(PLAIN, [PART])

words = st.text("abcdef0123456789-", min_size=1, max_size=8)
parts = st.lists(st.sampled_from(["learned.2.a", "learned.3.b", "other.1.c"]), unique=True)


def test_a_track_with_more_covers_one_with_less() -> None:
    assert covers(LEARNED, PLAIN)
    assert not covers(PLAIN, LEARNED)
    assert not covers(join_recipe(PLAIN, [optional_part(Family.LEARNED, 200, "other")]), LEARNED)
    assert not covers(join_recipe("segue-1-ffff", [PART]), LEARNED)


def test_a_model_depends_on_the_parts_of_its_families() -> None:
    assert restrict(LEARNED, ANALYSED_FAMILIES) == PLAIN
    assert restrict(LEARNED, (Family.LEARNED,)) == LEARNED
    assert restrict(PLAIN, (Family.LEARNED,)) == PLAIN


def test_the_recipe_says_how_many_dimensions_a_network_has() -> None:
    assert dimension_names(Family.TIMBRE, PLAIN) == LAYOUT[Family.TIMBRE]
    names = dimension_names(Family.LEARNED, LEARNED)
    assert names is not None
    assert (len(names), names[0], names[-1]) == (200, "learned_000", "learned_199")
    assert dimension_names(Family.LEARNED, PLAIN) is None


@pytest.mark.parametrize("count", ["", "0", "-1", "x", "4097", "99999999999", "\u0662"])
def test_a_recipe_with_an_absurd_count_has_no_dimensions(count: str) -> None:
    assert dimension_names(Family.LEARNED, f"{PLAIN}+learned.{count}.9c1d") is None


@given(analysis=words, one=parts, other=parts)
def test_covering_is_an_order(analysis: str, one: list[str], other: list[str]) -> None:
    first, second = join_recipe(analysis, one), join_recipe(analysis, other)
    assert covers(first, first)
    assert (covers(first, second) and covers(second, first)) == (first == second)
    assert covers(join_recipe(analysis, {*one, *other}), first)
    assert covers(first, restrict(first, ANALYSED_FAMILIES))
