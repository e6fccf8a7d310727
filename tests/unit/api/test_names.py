"""Names as people type them, and as people want them ordered."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from segue_api.service.browse import natural
from segue_core.recommend.track_names import normalise_name, searchable


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Àlex Almarza", "alex"),
        ("Sigur Rós", "ROS"),
        ("Ёлка", "елка"),
        ("Ελευθερία", "ελευθερια"),
        ("Straße", "strasse"),
    ],
)
def test_a_search_needs_no_accents(name: str, typed: str) -> None:
    assert searchable(typed) in searchable(name)


@pytest.mark.parametrize("pair", [("が", "か"), ("पि", "पी")])
def test_marks_that_make_other_letters_stay(pair: tuple[str, str]) -> None:
    assert searchable(pair[0]) != searchable(pair[1])


@given(st.text())
def test_what_is_typed_as_it_is_written_is_found(name: str) -> None:
    assert searchable(name) == searchable(normalise_name(name)) == searchable(searchable(name))


def test_numbers_in_names_count_as_numbers() -> None:
    names = ["Track 10", "track 2", "Track 1", "Intro", "2 Unlimited", "Track 2b"]
    assert sorted(names, key=natural) == ["2 Unlimited", "Intro", "Track 1", "track 2", "Track 2b", "Track 10"]


@given(st.lists(st.text(max_size=40)))
@example(["\r", ""])
def test_every_name_has_its_place(names: list[str]) -> None:
    assert sorted(names, key=natural) == sorted(sorted(names), key=natural)
