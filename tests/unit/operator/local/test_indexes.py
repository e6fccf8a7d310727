"""Sets of completion indexes in the Job API's form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_operator.local.workloads import indexes


@pytest.mark.parametrize(("text", "expected"), [("", set()), ("0-2,5", {0, 1, 2, 5}), ("3,4", {3, 4}), ("7", {7})])
def test_written_as_kubernetes_writes_them(text: str, expected: set[int]) -> None:
    assert indexes.write(expected) == text
    assert indexes.read(text) == expected


@given(st.sets(st.integers(0, 200)))
def test_reading_gives_what_was_written(given_indexes: set[int]) -> None:
    assert indexes.read(indexes.write(given_indexes)) == given_indexes
