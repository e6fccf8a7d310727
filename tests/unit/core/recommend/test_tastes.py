"""Likes form tastes, and tastes take turns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_core.recommend.question_errors import RecommendError
from segue_core.recommend.tastes import (
    MAXIMUM_LIKES,
    centre,
    group_tastes,
    join_singles,
    merge_tastes,
    next_taste,
    quotas,
)
from support.synthetic_model import unit_rows


def around(axis: int, count: int, seed: int) -> np.ndarray:
    rows = np.eye(8)[axis] + 0.1 * np.random.default_rng(seed).normal(size=(count, 8))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_likes_that_sound_alike_are_one_taste_and_others_are_not() -> None:
    vectors = np.concatenate([around(0, 2, 1), around(3, 3, 2), around(5, 1, 3)])
    assert [rows.tolist() for rows in group_tastes(vectors, 0.5)] == [[2, 3, 4], [0, 1], [5]]


def test_opposites_are_never_one_taste_even_with_something_in_between() -> None:
    vectors = np.array([[1, 0], [0.7071, 0.7071], [0, 1], [-0.7071, 0.7071]], dtype=np.float32)
    for rows in group_tastes(vectors, 0.3):
        members = vectors[rows]
        assert (members @ members.T).min() > -0.01


@given(st.integers(1, 25), st.integers(0, 99), st.floats(0.05, 0.9))
def test_every_like_is_in_one_taste_and_tastes_hold_together(count: int, seed: int, threshold: float) -> None:
    vectors = unit_rows(count, 4, seed)
    groups = group_tastes(vectors, threshold)
    assert sorted(row for rows in groups for row in rows) == list(range(count))
    assert [len(rows) for rows in groups] == sorted((len(rows) for rows in groups), reverse=True)
    for rows in groups:
        if len(rows) > 1:
            assert centre(vectors[rows]) @ vectors[rows].mean(axis=0) > 0


@given(st.integers(2, 15), st.integers(0, 99), st.randoms(use_true_random=False))
def test_the_order_of_the_likes_does_not_matter(count: int, seed: int, random) -> None:
    vectors = unit_rows(count, 4, seed)
    order = list(range(count))
    random.shuffle(order)
    groups = {frozenset(rows.tolist()) for rows in group_tastes(vectors, 0.3)}
    shuffled = {frozenset(order[row] for row in rows) for rows in group_tastes(vectors[order], 0.3)}
    assert groups == shuffled


def test_equal_likes_are_one_taste() -> None:
    assert len(group_tastes(np.repeat(unit_rows(1, 4), 5, axis=0), 0.9)) == 1


def test_too_many_likes_are_refused() -> None:
    with pytest.raises(RecommendError, match="1001 likes are too many"):
        group_tastes(np.zeros((MAXIMUM_LIKES + 1, 2), dtype=np.float32), 0.5)


def test_tastes_that_share_neighbours_are_merged_until_none_do() -> None:
    near = {0: [1, 2, 3, 4], 1: [3, 4, 5, 6], 2: [6, 7, 8, 9], 3: [20, 21, 22, 23]}

    def neighbours(group: np.ndarray) -> np.ndarray:
        return np.unique(np.concatenate([near[row] for row in group.tolist()]))

    groups = [np.array([row]) for row in near]
    merged = [rows.tolist() for rows in merge_tastes(groups, neighbours, 0.25)]
    assert merged == [[0, 1, 2], [3]]
    assert [rows.tolist() for rows in merge_tastes(groups, neighbours, 0.5)] == [[0, 1], [2], [3]]
    assert [rows.tolist() for rows in merge_tastes(groups, neighbours, 1.1)] == [[0], [1], [2], [3]]


def test_a_weight_moves_the_centre_towards_its_row() -> None:
    vectors = np.eye(2, dtype=np.float32)
    assert centre(vectors, np.array([3.0, 1.0])) @ vectors[0] > centre(vectors) @ vectors[0]
    assert np.linalg.norm(centre(np.array([[1, 0], [-1, 0]], dtype=np.float32))) == 1.0


sizes = st.lists(st.integers(1, 50), min_size=1, max_size=12).map(lambda found: sorted(found, reverse=True))


@given(sizes, st.integers(1, 60))
def test_quotas_add_up_and_every_taste_gets_its_floor(found: list[int], limit: int) -> None:
    wanted = quotas(found, limit)
    assert sum(wanted) == limit
    assert wanted == sorted(wanted, reverse=True)
    if len(found) < limit:
        assert min(wanted) >= min(2, max(1, limit // (2 * len(found))))


def test_a_taste_of_twice_the_weight_gets_four_times_the_places_beyond_the_floor() -> None:
    assert quotas([2, 1], 14) == [10, 4]
    assert quotas([8, 4, 4], 9) == [5, 2, 2]
    assert quotas([1000, 1], 20) == [18, 2]


@given(sizes, st.integers(1, 60))
def test_turns_give_each_taste_its_quota_and_spread_it(found: list[int], limit: int) -> None:
    wanted, given_hits = quotas(found, limit), [0] * len(found)
    for step in range(1, limit + 1):
        given_hits[next_taste(given_hits, wanted, range(len(found)))] += 1
        if min(wanted) > 0:
            behind = [quota * step / limit - hits for quota, hits in zip(wanted, given_hits, strict=True)]
            assert max(behind) < len(found)
    assert given_hits == wanted


def test_a_small_taste_is_heard_early() -> None:
    wanted, given_hits, order = quotas([18, 2], 10), [0, 0], []
    for _ in range(10):
        taste = next_taste(given_hits, wanted, [0, 1])
        given_hits[taste] += 1
        order.append(taste)
    assert order.index(1) < 3
    assert order.count(1) >= 2


def test_a_like_that_stands_alone_joins_a_taste_that_is_not_far() -> None:
    near = np.array([0.6, 0.8, 0, 0])
    vectors = np.concatenate([np.eye(4)[[0, 0, 1, 1, 2]], [near]]).astype(np.float32)
    groups = tuple(map(np.array, ([0, 1], [2, 3], [4], [5])))
    joined = join_singles(vectors, groups, 0.3)
    assert [group.tolist() for group in joined] == [[2, 3, 5], [0, 1], [4]]
    assert [group.tolist() for group in join_singles(vectors, groups, 0.9)] == [[0, 1], [2, 3], [4], [5]]


@given(st.integers(1, 8), st.integers(0, 20))
def test_likes_that_all_stand_alone_stay_so(count: int, seed: int) -> None:
    groups = tuple(np.array([row]) for row in range(count))
    assert join_singles(unit_rows(count, 4, seed), groups, 0.05) == groups


@given(st.integers(2, 30), st.integers(0, 50))
def test_joining_loses_no_like(count: int, seed: int) -> None:
    vectors = unit_rows(count, 3, seed)
    groups = join_singles(vectors, group_tastes(vectors, 0.5), 0.05)
    assert sorted(np.concatenate(groups).tolist()) == list(range(count))
