"""Server-side apply: merge maps, replace lists, remove what is applied no more."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from segue_operator.local.merge import apply

TREES = st.recursive(
    st.integers(0, 3) | st.lists(st.integers(0, 3), max_size=3),
    lambda children: st.dictionaries(st.sampled_from("abc"), children, max_size=3),
    max_leaves=10,
)
OBJECTS = st.dictionaries(st.sampled_from("abc"), TREES, max_size=3)


def test_fields_of_others_stay_and_lists_are_replaced() -> None:
    current = {"spec": {"mine": [1, 2], "theirs": 1}}
    assert apply(current, {"spec": {"mine": [3]}}, None, None) == {"spec": {"mine": [3], "theirs": 1}}


def test_field_that_is_applied_no_more_is_removed() -> None:
    first = {"spec": {"a": {"x": 1, "y": 2}}}
    assert apply(first, {"spec": {"a": {"y": 2}}}, first, None) == {"spec": {"a": {"y": 2}}}


def test_field_that_came_with_the_creation_stays() -> None:
    created = {"spec": {"parallelism": 2, "template": {}}}
    applied = {"spec": {"parallelism": 3}}
    current = {"spec": {"parallelism": 3, "template": {}}}
    assert apply(current, {"spec": {"suspend": True}}, applied, created) == {
        "spec": {"parallelism": 3, "template": {}, "suspend": True}
    }


@given(OBJECTS, OBJECTS, OBJECTS)
def test_second_apply_of_the_same_changes_nothing(
    current: dict[str, Any], previous: dict[str, Any], wanted: dict[str, Any]
) -> None:
    once = apply(current, wanted, previous, None)
    assert apply(once, wanted, wanted, None) == once


@given(OBJECTS, OBJECTS)
def test_object_that_only_we_apply_is_what_we_applied_last(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert apply(apply({}, first, None, None), second, first, None) == second
