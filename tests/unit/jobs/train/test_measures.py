"""Measures of spaces and clusterings."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_jobs.train.measures import (
    anti_hub_share,
    chance_level,
    hubness_skewness,
    occurrences,
    pack_genres,
    precision_at_k,
    reach,
    recall,
)
from segue_jobs.train.neighbours import Groups


def test_precision_counts_neighbours_with_a_genre_in_common() -> None:
    genres = pack_genres([("rock", "pop"), ("pop",), ("jazz",), ("rock", "jazz")])
    lists = np.array([[1, 2], [0, 2], [3, 0], [0, 1]])
    assert precision_at_k(lists, np.arange(4), genres) == pytest.approx((0.5 + 0.5 + 0.5 + 0.5) / 4)


def test_tracks_without_a_genre_are_ignored() -> None:
    genres = pack_genres([("rock",), (), ("rock",), ("jazz",)])
    lists = np.array([[1, 2], [0, 2], [-1, -1], [1, -1]])
    assert precision_at_k(lists, np.arange(4), genres) == 1.0
    assert math.isnan(precision_at_k(lists[1:2], np.array([1]), genres))
    assert math.isnan(precision_at_k(lists, np.arange(4), pack_genres([()] * 4)))


def test_genres_beyond_one_byte_are_distinguished() -> None:
    genres = pack_genres([(f"genre {number}",) for number in range(20)])
    assert precision_at_k(np.roll(np.arange(20), 8)[:, None], np.arange(20), genres) == 0.0
    assert precision_at_k(np.arange(20)[:, None], np.arange(20), genres) == 1.0


def test_chance_is_the_sum_of_squared_shares_for_single_genres() -> None:
    genres = pack_genres([("a",)] * 600 + [("b",)] * 400)
    assert chance_level(genres) == pytest.approx(0.6**2 + 0.4**2, abs=1e-3)


@given(st.lists(st.tuples(st.sets(st.sampled_from("abcd")), st.sampled_from(["x", "y", "z", None])), max_size=15))
def test_chance_is_the_precision_of_lists_of_all_candidates(tracks) -> None:
    genres = pack_genres([sorted(found) for found, _ in tracks])
    artists = Groups.from_labels([artist for _, artist in tracks])
    lists = np.full((len(tracks), max(1, len(tracks))), -1)
    for row in range(len(tracks)):
        others = np.setdiff1d(np.arange(len(tracks)), artists.of(row))
        lists[row, : len(others)] = others
    expected = precision_at_k(lists, np.arange(len(tracks)), genres)
    assert chance_level(genres, artists=artists) == pytest.approx(expected, nan_ok=True)


def test_hubs_and_anti_hubs_are_counted_over_the_catalogue() -> None:
    counts = occurrences(np.array([[1, 2], [2, -1], [1, 0], [2, 1]]), 5)
    assert counts.tolist() == [1, 3, 3, 0, 0]
    assert reach(counts) == pytest.approx(0.6)
    assert anti_hub_share(counts) == pytest.approx(0.4)


def test_skewness_is_positive_with_one_hub_and_zero_without() -> None:
    assert hubness_skewness(np.full(9, 4)) == 0.0
    assert hubness_skewness(np.array([0, 0, 0, 0, 40])) == pytest.approx(1.5)
    assert hubness_skewness(np.array([1, 2, 3])) == pytest.approx(0.0)


def test_recall_is_the_share_of_exact_neighbours_found() -> None:
    assert recall(np.array([[1, 2], [5, -1]]), np.array([[2, 3], [5, 6]])) == 0.5
    assert recall(np.array([[-1]]), np.array([[-1]])) == 1.0
