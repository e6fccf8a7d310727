"""How pages write numbers and addresses."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_api.page.formats import address, clock, day, decimal, measure, minus, percent, shares, spaced
from segue_core.contract import Family


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00"), (59.6, "1:00"), (187, "3:07"), (3671, "61:11"), (None, "")]
)
def test_lengths(seconds: float | None, shown: str) -> None:
    assert clock(seconds) == shown


def test_numbers_and_times() -> None:
    assert (percent(0.456), percent(None)) == ("46%", "")
    assert (decimal(0.123456), decimal(12345.6), decimal(None)) == ("0.123", "12,346", "")
    assert day("2026-11-29T19:40:12Z") == "29 Nov 2026, 19:40 UTC"
    assert day(None) == ""
    assert spaced("artistPrecisionAt10") == "artist precision at 10"
    assert (minus(-19), minus(3)) == ("\u221219", "3")
    assert measure("recallAt10") == "exact neighbours found in the nearest clusters"
    assert measure("somethingNewAt5") == "something new at 5"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_nothing_in_a_value_ends_an_address(value: str) -> None:
    parts = urlsplit(address("/track", id=value, catalogue=None))
    assert parts.path == "/track"
    assert parse_qs(parts.query, keep_blank_values=True) == {"id": [value]}
    assert not parts.fragment


def test_a_bar_is_full_and_a_family_that_speaks_against_has_no_width() -> None:
    why = {Family.TIMBRE: 0.9, Family.SPECTRAL: 0.3, Family.HARMONY: -0.3, Family.RHYTHM: 0.1}
    segments = shares(why)
    assert [share for *_, share in segments] == [90, 30, -30, 10]
    widths = [width for _, _, _, width, _ in segments]
    assert widths[2] == 0
    assert sum(widths) == pytest.approx(100)
    starts = [start for _, _, start, _, _ in segments]
    assert starts == pytest.approx([0, *(sum(widths[:place]) for place in (1, 2, 3))])
