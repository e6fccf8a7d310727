"""Choosing k."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_jobs.train.choice import MINIMUM_MEAN_TRACKS, TIE, Metric, choose, feasible, judges_precision, score

shares = st.floats(0, 1)
measured = st.fixed_dictionaries(
    {
        Metric.PRECISION.value: shares,
        Metric.REACH.value: shares,
        Metric.SMALLEST.value: st.floats(0, 1000),
        Metric.STABILITY.value: st.floats(-0.5, 1),
    }
)
GOOD = {Metric.PRECISION: 0.4, Metric.REACH: 0.9, Metric.SMALLEST: 50.0, Metric.STABILITY: 0.8}


@given(st.lists(st.integers(-2, 300), min_size=1, max_size=8), st.integers(1, 2000))
def test_every_wanted_k_is_tried_or_skipped_with_a_reason(ks: list[int], tracks: int) -> None:
    found = feasible(ks, tracks)
    skipped = {candidate.k for candidate in found.skipped}
    assert found.ks
    assert set(ks) - set(found.ks) == skipped
    assert all(candidate.skipped for candidate in found.skipped)


@given(st.lists(st.integers(1, 300), min_size=1, max_size=8), st.integers(1, 2000))
def test_tried_ks_leave_enough_tracks_a_cluster(ks: list[int], tracks: int) -> None:
    assert all(k == 1 or k * MINIMUM_MEAN_TRACKS <= tracks for k in feasible(ks, tracks).ks)


@pytest.mark.parametrize(("tracks", "k"), [(1, 1), (2, 1), (11, 1), (12, 2), (40, 6)])
def test_too_large_ks_are_replaced_by_the_largest_feasible(tracks: int, k: int) -> None:
    assert feasible([64, 128], tracks).ks == (k,)


def test_k_above_the_number_of_tracks_is_named() -> None:
    assert "not below the number of tracks (12)" in str(feasible([2, 16], 12).skipped[0].skipped)


@given(st.dictionaries(st.integers(1, 300), measured, min_size=1, max_size=6))
def test_chosen_k_is_the_smallest_of_those_near_the_best(candidates: dict[int, dict[str, float]]) -> None:
    chosen = choose(candidates).k
    best = max(map(score, candidates.values()))
    assert best - score(candidates[chosen]) <= TIE
    assert all(best - score(metrics) > TIE for k, metrics in candidates.items() if k < chosen)


@given(measured, st.sampled_from([Metric.PRECISION, Metric.REACH, Metric.STABILITY]), shares)
def test_a_better_term_never_lowers_the_score(metrics: dict[str, float], metric: Metric, value: float) -> None:
    better = {**metrics, metric.value: max(value, metrics[metric])}
    assert 0 <= score(metrics) <= score(better) <= 1 + 1e-12


def test_clearly_better_k_wins_over_a_smaller_one() -> None:
    choice = choose({8: {**GOOD, Metric.PRECISION: 0.3}, 32: GOOD})
    assert (choice.k, "more than all others" in choice.reason) == (32, True)


def test_silhouette_has_no_say() -> None:
    assert choose({8: GOOD | {Metric.SILHOUETTE: 0.0}, 16: GOOD | {Metric.SILHOUETTE: 0.9}}).k == 8


def test_recall_takes_the_place_of_an_unknown_precision() -> None:
    without = {name: value for name, value in GOOD.items() if name is not Metric.PRECISION}
    assert score(without | {Metric.RECALL: 0.4}) == score(GOOD)


def test_tiny_clusters_cost() -> None:
    assert choose({8: GOOD, 64: GOOD | {Metric.SMALLEST: 1.0, Metric.PRECISION: 0.45}}).k == 8


@pytest.mark.parametrize(("labelled", "tracks", "judged"), [(0, 0, False), (49, 100, False), (50, 100, True)])
def test_genres_judge_when_half_of_the_tracks_have_one(labelled: int, tracks: int, judged: bool) -> None:
    assert judges_precision(labelled, tracks) is judged
