"""Cells with any content become a usable value or None."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_jobs.listing import cells


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("  Für\tElise\n", "Für Elise"),
        ("", None),
        ("NaN", None),
        ("-1", None),
        ("\x00\x07bell", "bell"),
        ("x" * 501, "x" * 499 + "…"),
        ("x" * 10_000_000, "x" * 499 + "…"),
    ],
)
def test_text(cell: str, expected: str | None) -> None:
    assert cells.text(cell) == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("1999", 1999),
        ("2008-11-26 00:00:00", 2008),
        ("26/11/2008", 2008),
        ("1999.0", 1999),
        ("20190403", 2019),
        ("20191303", None),
        ("0", None),
        ("-1", None),
        ("99999", None),
        ("", None),
    ],
)
def test_year(cell: str, expected: int | None) -> None:
    assert cells.year(cell) == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("215", 215.0),
        ("215.25", 215.25),
        ("03:35", 215.0),
        ("1:03:35", 3815.0),
        (" 3:35 ", 215.0),
        ("0", None),
        ("-5", None),
        ("inf", None),
        ("nan", None),
        ("1e300", None),
        ("3:35:", None),
        ("abc", None),
    ],
)
def test_seconds(cell: str, expected: float | None) -> None:
    assert cells.seconds(cell) == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("[{'genre_id': '21', 'genre_title': 'Hip-Hop', 'genre_url': 'x'}]", ("Hip-Hop",)),
        ("['Rock', 'Pop', 'Rock']", ("Rock", "Pop")),
        ("[21, 10]", ()),
        ("[Electronic]", ("[Electronic]",)),
        ("[red]Genre[/red]; Pop", ("[red]Genre[/red]", "Pop")),
        ("Rock; Pop|Folk,Rock", ("Rock", "Pop", "Folk")),
        ("Rock", ("Rock",)),
        ("", ()),
        ("[", ()),
        ("[" * 5000, ()),
        ("[__import__('os').getcwd()]", ()),
        ("['a'" + ", 'a'" * 100_000 + "]", ()),
    ],
)
def test_genres(cell: str, expected: tuple[str, ...]) -> None:
    assert cells.genres(cell) == expected


@given(st.text())
def test_no_cell_raises_an_error(cell: str) -> None:
    text = cells.text(cell)
    assert text is None or (0 < len(text) <= 500 and text.encode())
    assert not {unicodedata.category(character) for character in text or ""} & {"Cc", "Cs", "Zl", "Zp"}
    assert cells.year(cell) is None or 1500 <= cells.year(cell) < 2100
    assert cells.seconds(cell) is None or cells.seconds(cell) > 0
    assert len(cells.genres(cell)) <= 20


@pytest.mark.parametrize(
    ("cell", "number"),
    [("3", 3), ("03/12", 3), (" 7.0 ", 7), ("0", None), ("-1", None), ("12345", None), ("3a", None), ("3" * 999, None)],
)
def test_numbers_of_discs_and_tracks(cell: str, number: int | None) -> None:
    assert cells.count(cell) == number


@given(st.text(max_size=200))
def test_no_cell_gives_an_identifier_out_of_bounds(cell: str) -> None:
    assert all(len(code) == 12 for code in cells.isrcs(cell))
    assert all(len(one) == 36 for one in cells.music_brainz_ids(cell))
    number = cells.count(cell)
    assert number is None or 1 <= number <= 9999
