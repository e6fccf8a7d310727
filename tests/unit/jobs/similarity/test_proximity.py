"""Mutual proximity."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from segue_jobs.similarity.measures import hubness_skewness, occurrences
from segue_jobs.similarity.neighbours import neighbour_lists
from segue_jobs.similarity.proximity import (
    ProximityStatistics,
    choose_reference,
    mutual_proximity_distance,
    proximity_statistics,
)
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


def test_distances_far_below_the_usual_stay_apart() -> None:
    usual = statistics(1.0, 0.05)
    assert 0 < distance(0.2, usual, usual) < distance(0.201, usual, usual)


def test_a_hub_that_is_near_to_everyone_loses_against_a_track_that_is_near_to_few() -> None:
    query, hub, friend = statistics(1.0, 0.2), statistics(0.6, 0.1), statistics(1.1, 0.2)
    assert distance(0.5, query, friend) < distance(0.45, query, hub)


def test_a_deviation_of_zero_is_no_division_by_zero() -> None:
    assert distance(0.5, statistics(1.0, 0.0), statistics(1.0, 0.0)) == 0.0


def test_statistics_are_those_of_the_distances_to_the_others() -> None:
    vectors = unit_rows(30, 5)
    own = np.where(np.arange(30) < 10, np.arange(30), -1)
    found = proximity_statistics(vectors, vectors[:10], own=own)
    apart = 1 - vectors.astype(float) @ vectors[:10].T.astype(float)
    others = np.delete(apart[3], 3)
    assert math.isclose(found.mean[3], others.mean(), abs_tol=1e-6)
    assert math.isclose(found.deviation[3], others.std(), abs_tol=1e-6)
    assert math.isclose(found.mean[20], apart[20].mean(), abs_tol=1e-6)


def test_a_track_without_others_has_a_right_angle_and_no_deviation() -> None:
    vectors = unit_rows(1, 5)
    found = proximity_statistics(vectors, vectors, own=np.array([0]))
    assert (found.mean[0], found.deviation[0]) == (1.0, 0.0)
    found = proximity_statistics(vectors, vectors[:0])
    assert (found.mean[0], found.deviation[0]) == (1.0, 0.0)


@given(st.permutations([f"track-{number}" for number in range(30)]), st.integers(0, 5))
def test_the_reference_depends_on_ids_and_seed_alone(ids: list[str], seed: int) -> None:
    chosen = choose_reference(ids, seed=seed, count=8)
    assert chosen == choose_reference(sorted(ids) * 2, seed=seed, count=8)
    assert len(set(chosen)) == 8
    assert chosen != choose_reference(ids, seed=seed + 1, count=8)


def test_a_growing_catalogue_keeps_most_of_its_reference() -> None:
    ids = [str(number) for number in range(1000)]
    before, after = (set(choose_reference(ids[:size], seed=1)) for size in (900, 1000))
    assert len(before & after) >= 80
    assert len(choose_reference(ids[:5], seed=1)) == 5


def test_fewer_hubs_remain_on_a_space_that_has_them() -> None:
    random = np.random.default_rng(4)
    vectors = random.normal(size=(600, 40)) + random.normal(size=40) * 0.8
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    found = proximity_statistics(vectors, vectors[:100], own=np.where(np.arange(600) < 100, np.arange(600), -1))
    skew = [hubness_skewness(occurrences(neighbour_lists(vectors, 10, proximity=each), 600)) for each in (None, found)]
    assert skew[1] < 0.6 * skew[0]
