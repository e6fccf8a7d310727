"""Words for people: never too long, and honest about what they leave out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from segue_operator.kinds.messages import FIRST_NAMED, first_of, nearest, shorten, shorten_bytes


@given(st.text(), st.integers(4, 20))
def test_a_text_is_cut_to_characters_and_an_events_to_bytes(text: str, limit: int) -> None:
    assert len(shorten(text, limit)) <= limit
    assert len(shorten_bytes(text, limit).encode()) <= limit
    assert (shorten(text, limit) == text) == (len(text) <= limit)
    assert (shorten_bytes(text, limit) == text) == (len(text.encode()) <= limit)


@given(st.lists(st.from_regex(r"[a-z]{1,5}", fullmatch=True), max_size=12))
def test_every_name_is_listed_or_counted(names: list[str]) -> None:
    listed, _, more = first_of(names).partition(" and ")
    assert listed == ", ".join(names[:FIRST_NAMED])
    assert more == (f"{len(names) - FIRST_NAMED} more" if len(names) > FIRST_NAMED else "")


def test_names_that_are_not_given_are_counted() -> None:
    assert first_of(list("abcdefgh"), 100) == "a, b, c, d, e and 95 more"


def test_a_guess_ignores_case_and_a_far_word_gets_none() -> None:
    assert nearest("trackbatch", ["TrackBatch", "TrainingRun"]) == "TrackBatch"
    assert nearest("xyz", ["TrackBatch"]) is None
