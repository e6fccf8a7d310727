"""Likes become tastes, tastes become turns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_jobs.recommend.errors import RecommendError
from segue_jobs.recommend.tastes import MAXIMUM_LIKES, centre, group_tastes, next_taste, quotas
from support.synthetic_model import unit_rows


def around(axis: int, count: int, seed: int) -> np.ndarray:
    rows = np.eye(8)[axis] + 0.1 * np.random.default_rng(seed).normal(size=(count, 8))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_likes_that_sound_alike_are_one_taste_and_others_are_not() -> None:
    vectors = np.concatenate([around(0, 2, 1), around(3, 3, 2), around(5, 1, 3)])
    assert [rows.tolist() for rows in group_tastes(vectors, 0.5)] == [[2, 3, 4], [0, 1], [5]]


def test_opposites_are_never_one_taste_even_if_something_lies_between() -> None:
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


sizes = st.lists(st.integers(1, 50), min_size=1, max_size=12).map(lambda found: sorted(found, reverse=True))


@given(sizes, st.integers(1, 60))
def test_quotas_add_up_and_every_taste_gets_its_floor(found: list[int], limit: int) -> None:
    wanted = quotas(found, limit)
    assert sum(wanted) == limit
    assert wanted == sorted(wanted, reverse=True)
    if len(found) < limit:
        assert min(wanted) >= max(1, limit // (2 * len(found)))


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
