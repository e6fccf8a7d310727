"""Walks from song to song."""

from __future__ import annotations

import pytest

from segue_core.recommend.filters import Filters, Range
from segue_core.recommend.question_errors import RecommendError, UnknownTrackError
from segue_core.recommend.walk import walk
from support.detailed_catalogue import recommender, track_of


@pytest.mark.parametrize("count", [2, 25, 100])
def test_a_walk_begins_with_its_track_and_has_none_twice(count: int) -> None:
    found = walk(recommender(), track_of(0), count)
    ids = [step.track_id for step in found.steps]
    assert (ids[0], len(ids), len(set(ids))) == (track_of(0), count, count)
    assert found.note is None
    assert all(step.words for step in found.steps[1:])


def test_an_artist_returns_only_after_others() -> None:
    artists = [step.artist for step in walk(recommender(), track_of(1), 30).steps]
    assert all(artist not in artists[max(0, place - 3) : place] for place, artist in enumerate(artists))


def test_its_hops_are_small() -> None:
    steps = walk(recommender(), track_of(2), 20).steps
    nearest = recommender().similar(track_of(2), limit=60, artist_cap=None).hits[-1].similarity
    assert max(step.hop for step in steps) < 1 - nearest


def test_filters_hold_for_every_track_but_the_first() -> None:
    steps = walk(recommender(), track_of(0), 12, filters=Filters(genres=("Genre 1",))).steps
    assert {step.genres for step in steps[1:]} == {("Genre 1",)}


def test_a_walk_that_finds_no_way_says_so() -> None:
    found = walk(recommender(), track_of(0), 12, filters=Filters(year=Range(1, 2)))
    assert len(found.steps) == 1
    assert found.note == "no other track follows after 1"


def test_a_wrong_walk_is_refused() -> None:
    with pytest.raises(RecommendError, match="2 to 100 tracks, not 101"):
        walk(recommender(), track_of(0), 101)
    with pytest.raises(UnknownTrackError):
        walk(recommender(), "nobody", 5)
