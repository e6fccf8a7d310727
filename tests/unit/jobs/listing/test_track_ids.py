"""File names and CSV cells have one form, which is valid UTF-8."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_jobs.listing.track_ids import JoinBy, canonical_id, id_of_file, path_of_cell, printable

NAMES = st.text(st.characters(codec=None, min_codepoint=1, max_codepoint=0xDCFF), max_size=300)
"""Names as the walk gives them, surrogate escapes among them."""


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
        ("rock/007.ogg", JoinBy.STEM, "7"),
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
        (" a.mp3 ", "a.mp3"),
        ("../../etc/passwd", "../../etc/passwd"),
    ],
)
def test_paths_of_cells(cell: str, expected: str) -> None:
    assert path_of_cell(cell) == expected


@given(NAMES)
def test_ids_are_valid_text_and_stable(name: str) -> None:
    track_id = canonical_id(name)
    track_id.encode()
    assert bool(track_id) == bool(name.strip())
    assert len(track_id) <= 480
    assert canonical_id(track_id) == track_id
    printable(name).encode()
    assert all(id_of_file(f"{name or 1}.mp3", join_by) != "" for join_by in JoinBy)
