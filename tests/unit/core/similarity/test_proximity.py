"""Mutual proximity."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_core.similarity.proximity import (
    Moments,
    MomentSums,
    ProximityStatistics,
    mutual_proximity_distance,
)
from segue_core.store.models import SpaceMoments
from segue_jobs.train.measures import hubness_skewness, occurrences
from segue_jobs.train.neighbours import neighbour_lists
from support.synthetic_model import unit_rows


def statistics(mean: float, deviation: float) -> ProximityStatistics:
    return ProximityStatistics(mean=np.array([mean]), deviation=np.array([deviation]))


def distance(apart: float, left: ProximityStatistics, right: ProximityStatistics) -> float:
    return float(mutual_proximity_distance(np.array([apart]), left, right)[0])


@given(st.floats(0, 2), st.floats(0.5, 1.5), st.floats(0.05, 0.5), st.floats(0.5, 1.5), st.floats(0.05, 0.5))
def test_it_is_one_minus_the_product_of_the_upper_tails(apart, mean, deviation, other_mean, other_deviation) -> None:
    upper = [
        0.5 * math.erfc((apart - m) / (s * math.sqrt(2))) for m, s in ((mean, deviation), (other_mean, other_deviation))
    ]
    found = distance(apart, statistics(mean, deviation), statistics(other_mean, other_deviation))
    assert math.isclose(found, 1 - upper[0] * upper[1], abs_tol=1e-12)
    assert 0 <= found <= 1


def test_it_is_symmetric_and_grows_with_the_distance() -> None:
    left, right = statistics(0.9, 0.1), statistics(1.1, 0.3)
    near, far = distance(0.3, left, right), distance(0.6, left, right)
    assert near < far
    assert near == distance(0.3, right, left)


def test_distances_far_below_the_usual_stay_distinct() -> None:
    usual = statistics(1.0, 0.05)
    assert 0 < distance(0.2, usual, usual) < distance(0.201, usual, usual)


def test_a_hub_that_is_near_everything_ranks_behind_a_track_that_is_near_few() -> None:
    query, hub, friend = statistics(1.0, 0.2), statistics(0.6, 0.1), statistics(1.1, 0.2)
    assert distance(0.5, query, friend) < distance(0.45, query, hub)


def test_a_deviation_of_zero_does_not_divide_by_zero() -> None:
    assert distance(0.5, statistics(1.0, 0.0), statistics(1.0, 0.0)) == 0.0


@pytest.mark.parametrize("count", [1, 2, 3, 30, 9000])
def test_statistics_are_exactly_those_of_the_distances_to_all_others(count: int) -> None:
    vectors = unit_rows(count, 5)
    own = np.arange(count) % 3 > 0
    found = Moments.of(vectors).usual(vectors, members=own)
    for row in range(min(count, 40)):
        apart = 1 - vectors.astype(float) @ vectors[row].astype(float)
        others = np.delete(apart, row) if own[row] else apart
        expected = (others.mean(), others.std()) if len(others) else (1.0, 0.0)
        np.testing.assert_allclose((found.mean[row], found.deviation[row]), expected, atol=2e-6)


@given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 9))
def test_moments_of_parts_add_up_to_those_of_the_whole(left: int, right: int, width: int) -> None:
    vectors = unit_rows(left + right, width)
    whole = Moments.of(vectors)
    parts = (MomentSums.of(vectors[:left]) + MomentSums.of(vectors[left:])).moments()
    assert parts.tracks == left + right
    np.testing.assert_allclose(parts.mean, whole.mean, atol=1e-12)
    np.testing.assert_allclose(parts.covariance, whole.covariance, atol=1e-12)


def test_without_tracks_the_mean_is_a_right_angle() -> None:
    found = Moments.of(unit_rows(0, 5)).usual(unit_rows(2, 5))
    assert (found.mean.tolist(), found.deviation.tolist()) == ([1.0, 1.0], [0.0, 0.0])


def test_moments_survive_storing_unchanged() -> None:
    moments = Moments.of(unit_rows(50, 7))
    again = Moments.from_model(moments.stored(), 7)
    assert again.tracks == 50
    np.testing.assert_array_equal(again.mean, moments.mean)
    np.testing.assert_array_equal(again.covariance, moments.covariance)


@pytest.mark.parametrize(
    "change",
    [
        {"mean": (0.0,)},
        {"covariance": ((1.0,), (0.0,))},
        {"mean": (0.0, math.nan)},
        {"covariance": ((math.inf,), (0.0, 1.0))},
    ],
)
def test_damaged_moments_are_refused(change: dict[str, Any]) -> None:
    stored = SpaceMoments(tracks=3, mean=(0.0, 0.0), covariance=((1.0,), (0.0, 1.0)))
    with pytest.raises(ValueError, match="moments: "):
        Moments.from_model(msgspec.structs.replace(stored, **change), 2)


def test_mutual_proximity_leaves_fewer_hubs() -> None:
    random = np.random.default_rng(4)
    vectors = random.normal(size=(600, 40)) + random.normal(size=40) * 0.8
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    found = Moments.of(vectors).usual(vectors, members=np.ones(600, dtype=np.bool_))
    skew = [hubness_skewness(occurrences(neighbour_lists(vectors, 10, proximity=each), 600)) for each in (None, found)]
    assert skew[1] < 0.6 * skew[0]
