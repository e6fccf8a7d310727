"""Compact columns of a table that grows."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from segue_core.recommend.columns import Identities, RowIndex, TextColumn, Vocabulary
from segue_core.similarity.columns import Column

texts = st.lists(st.none() | st.text(st.characters(codec=None), max_size=8), max_size=8)


@given(texts, texts, texts)
def test_text_survives_with_none_apart_from_empty_and_versions_do_not_disturb_each_other(one, two, three) -> None:
    column = TextColumn.of(one)
    left, right = column.extended(two), column.extended(three)
    assert (list(column), list(left), list(right)) == (one, one + two, one + three)
    assert list(left.extended(three)) == one + two + three
    backwards = np.arange(len(left))[::-1]
    assert list(left.taken(backwards)) == left.at(backwards) == (one + two)[::-1]


@given(st.lists(st.integers(0, 20), max_size=5))
def test_a_longer_column_leaves_the_shorter_ones_as_they_were(sizes: list[int]) -> None:
    versions, expected = [Column(np.arange(3))], [list(range(3))]
    for size in sizes:
        versions.append(versions[-1].extended(np.arange(size) + 100))
        expected.append(expected[-1] + list(range(100, 100 + size)))
    assert [version.values.tolist() for version in versions] == expected


def test_a_column_with_spare_memory_grows_without_a_copy() -> None:
    column = Column(np.zeros(10)).extended(np.ones(1))
    assert np.shares_memory(column.values, column.extended(np.ones(2)).values)
    assert not np.shares_memory(column.extended(np.ones(2)).values[11:], column.extended(np.ones(3)).values[11:])


@given(st.lists(st.integers(0, 4), max_size=20), st.lists(st.integers(0, 4), max_size=5), st.lists(st.integers(0, 6)))
def test_identities_find_all_rows_with_a_number_but_none_without(base, later, wanted) -> None:
    codes = np.array([*base, *later], dtype=np.uint64)
    known = Identities(Column(codes[: len(base)])).extended(codes[len(base) :])
    expected = [row for row, code in enumerate(codes.tolist()) if code and code in wanted]
    assert sorted(set(known.rows_with(np.array(wanted, dtype=np.uint64)).tolist())) == expected


def test_an_index_of_rows_keeps_its_changes_apart() -> None:
    base = RowIndex({"a": 0, "b": 1})
    later = base.changed([("c", 2), ("a", 3)], ["b", "unknown"])
    assert (dict(base), len(base)) == ({"a": 0, "b": 1}, 2)
    assert (dict(later), len(later)) == ({"a": 3, "c": 2}, 2)
    assert (later.get("b"), "b" in later) == (None, False)
    assert dict(later.changed([("b", 4)], ["c"])) == {"a": 3, "b": 4}


def test_a_vocabulary_numbers_names_in_the_order_they_come() -> None:
    names: Vocabulary[str] = Vocabulary()
    assert [names.number(name) for name in ("x", "y", "x")] == [0, 1, 0]
    assert (names[1], list(names), names.find("z"), len(names)) == ("y", ["x", "y"], None, 2)
