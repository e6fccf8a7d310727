"""File names and CSV cells get the same form, which is valid UTF-8."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_jobs.listing.track_ids import (
    JoinBy,
    canonical_id,
    id_of_cell,
    id_of_file,
    number_of,
    path_of_cell,
    printable,
)

NAMES = st.text(st.characters(codec=None, min_codepoint=1, max_codepoint=0xDCFF), max_size=300)
"""File names as the walk returns them, including surrogate escapes."""


@pytest.mark.parametrize(
    ("path", "join_by", "expected"),
    [
        ("000/000002.mp3", JoinBy.NUMBER, "2"),
        ("2.mp3", JoinBy.NUMBER, "2"),
        ("133/133297.MP3", JoinBy.NUMBER, "133297"),
        ("0.mp3", JoinBy.NUMBER, "0"),
        ("000.mp3", JoinBy.NUMBER, "0"),
        ("intro.mp3", JoinBy.NUMBER, None),
        ("٣.mp3", JoinBy.NUMBER, None),
        ("rock/song.one.ogg", JoinBy.STEM, "song.one"),
        ("rock/007.ogg", JoinBy.STEM, "007"),
        ("..wav", JoinBy.STEM, "..wav"),
        ("rock/ .mp3", JoinBy.PATH, "rock/ .mp3"),
        ("rock/song.ogg", JoinBy.PATH, "rock/song"),
        ("closed/", JoinBy.NUMBER, "closed/"),
        ("caf\udce9.mp3", JoinBy.STEM, "caf\\xe9"),
        ("a\nb.mp3", JoinBy.STEM, "a\\x0ab"),
    ],
)
def test_ids_of_files(path: str, join_by: JoinBy, expected: str | None) -> None:
    assert id_of_file(path, join_by) == expected


def test_decomposed_accents_meet_composed_ones() -> None:
    assert canonical_id(unicodedata.normalize("NFD", "Café")) == canonical_id("Café")


def test_long_ids_stay_distinct() -> None:
    ids = {canonical_id("x" * 2000 + end) for end in "ab"}
    assert len(ids) == 2
    assert all(len(track_id) <= 480 for track_id in ids)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("./rock//a.mp3", "rock/a.mp3"),
        ("rock\\a.mp3", "rock/a.mp3"),
        (" a.mp3 ", " a.mp3 "),
        ("../../etc/passwd", "../../etc/passwd"),
    ],
)
def test_paths_of_cells(cell: str, expected: str) -> None:
    assert path_of_cell(cell) == expected


@pytest.mark.parametrize(
    ("cell", "join_by", "expected"),
    [
        ("1.0", JoinBy.STEM, "1"),
        ("007", JoinBy.STEM, "007"),
        ("000007.0", JoinBy.NUMBER, "7"),
        ("1.5", JoinBy.STEM, "1.5"),
        (" a b ", JoinBy.PATH, "a b"),
    ],
)
def test_ids_of_cells(cell: str, join_by: JoinBy, expected: str) -> None:
    assert id_of_cell(cell, join_by) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("007", "7"),
        ("\u0660\u0660\u0667", "7"),
        ("\uff17", "7"),
        ("0", "0"),
        ("a7", None),
        ("", None),
        ("\u00b2", None),
    ],
)
def test_numbers_in_any_script(text: str, expected: str | None) -> None:
    assert number_of(text) == expected


@given(NAMES)
def test_ids_are_valid_text_and_stable(name: str) -> None:
    track_id = canonical_id(name)
    track_id.encode()
    assert bool(track_id) == bool(name.strip())
    assert len(track_id) <= 480
    assert canonical_id(track_id) == track_id
    printable(name).encode()
    assert all(id_of_file(f"{name or 1}.mp3", join_by) != "" for join_by in JoinBy)
