"""Where the window goes: into the music, away from silence and damage."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from segue_jobs.extract.placement import Block, Excerpt, middle, place

SECOND = 10
"""Frames of a block."""


def track(picture: str) -> list[Block]:
    """``#`` sounds, ``_`` is silent, ``~`` sounds in the channels but not in their mean, ``x`` is damaged."""
    return [Block(SECOND, sign in "#x", sign in "#x~", sign == "x") for sign in picture]


def placed(picture: str, wanted: int | None = 4, least: int = 1) -> str | None:
    """The part of the picture that is analysed."""
    seconds = None if wanted is None else wanted * SECOND
    found = place(track(picture), seconds, least * SECOND)
    return None if found is None else picture[found.start // SECOND : (found.start + found.frames) // SECOND]


def test_the_middle_of_a_long_track_and_all_of_a_short_one() -> None:
    assert middle(100, 30) == Excerpt(35, 30)
    assert middle(20, 30) == Excerpt(0, 20)
    assert middle(100, None) == Excerpt(0, 100)


def test_it_moves_to_the_music_that_is_nearest_to_the_middle() -> None:
    assert placed("####______######____") == "####"
    found = place(track("####______######____"), 4 * SECOND, SECOND)
    assert found == Excerpt(10 * SECOND, 4 * SECOND)


def test_a_piece_followed_by_silence_is_taken_without_the_silence() -> None:
    assert placed("###_________") == "###"
    assert placed("_________##") == "##"
    assert placed("#___________", least=3) == "#__"


def test_only_silence_is_silent() -> None:
    assert placed("________") is None
    assert placed("") is None


def test_channels_that_cancel_each_other_out_are_heard_one_by_one() -> None:
    found = place(track("~~~~~~~~"), 4 * SECOND, SECOND)
    assert found == Excerpt(2 * SECOND, 4 * SECOND, first_channel=True)
    assert place(track("########"), 4 * SECOND, SECOND) == Excerpt(2 * SECOND, 4 * SECOND)


def test_it_keeps_away_from_damage() -> None:
    assert placed("######x#######") == "####"
    found = place(track("######x#######"), 4 * SECOND, SECOND)
    assert found == Excerpt(7 * SECOND, 4 * SECOND)
    assert placed("##x##x###", least=2) == "###"
    assert placed("##x##x##", least=3) is None


def test_a_whole_track_is_taken_whole_or_not_at_all() -> None:
    assert placed("__##____", wanted=None) == "__##____"
    assert placed("__#x____", wanted=None) is None


@given(picture=st.text("#_~x", max_size=40), wanted=st.integers(1, 12), least=st.integers(1, 5))
def test_what_is_taken_is_undamaged_music_of_the_right_length(picture: str, wanted: int, least: int) -> None:
    found = placed(picture, wanted, min(least, wanted))
    if found is None:
        return
    assert "x" not in found
    assert "#" in found or "~" in found
    assert min(least, wanted) <= len(found) <= wanted


@given(picture=st.text("#_", min_size=1, max_size=40), wanted=st.integers(1, 12))
def test_no_other_part_of_an_undamaged_track_has_more_music(picture: str, wanted: int) -> None:
    found = placed(picture, wanted)
    most = max(picture[start : start + wanted].count("#") for start in range(len(picture)))
    assert (found or "").count("#") == most
