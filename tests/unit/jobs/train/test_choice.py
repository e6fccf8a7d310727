"""Choosing k."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_core.contract.measures import Metric
from segue_jobs.train.choice import (
    ENOUGH_RECALL,
    MINIMUM_MEAN_TRACKS,
    SMALLEST_CLUSTER,
    TIE,
    choose,
    feasible,
    groups,
    judges_precision,
)

shares = st.floats(0, 1)
measured = st.fixed_dictionaries({Metric.PRECISION.value: shares, Metric.RECALL.value: shares})
sized = st.fixed_dictionaries(
    {Metric.PRECISION.value: shares, Metric.RECALL.value: shares, Metric.SMALLEST.value: st.integers(1, 6).map(float)}
)
GOOD = {Metric.PRECISION: 0.4, Metric.RECALL: 0.95}
EXACT = {Metric.PRECISION: 0.4}


@given(st.lists(st.integers(-2, 300), min_size=1, max_size=8), st.integers(1, 2000))
def test_every_wanted_k_is_tried_or_skipped_with_a_reason(ks: list[int], tracks: int) -> None:
    found = feasible(ks, tracks)
    skipped = {candidate.k for candidate in found.skipped}
    assert found.ks
    assert set(ks) - set(found.ks) == skipped
    assert all(candidate.skipped for candidate in found.skipped)


@given(st.lists(st.integers(1, 300), min_size=1, max_size=8), st.integers(1, 2000))
def test_tried_ks_leave_enough_tracks_per_cluster(ks: list[int], tracks: int) -> None:
    assert all(k == 1 or k * MINIMUM_MEAN_TRACKS <= tracks for k in feasible(ks, tracks).ks)


@pytest.mark.parametrize(("tracks", "k"), [(1, 1), (2, 1), (11, 1), (12, 2), (40, 6)])
def test_too_large_ks_are_replaced_by_the_largest_feasible(tracks: int, k: int) -> None:
    assert feasible([64, 128], tracks).ks == (k,)


def test_k_above_the_number_of_tracks_is_named() -> None:
    assert "it must be less than the number of tracks (12)" in str(feasible([2, 16], 12).skipped[0].skipped)


@given(st.dictionaries(st.integers(1, 300), measured, min_size=1, max_size=6), st.none() | shares)
def test_the_largest_k_wins_that_keeps_neighbours_together(
    candidates: dict[int, dict[str, float]], best: float | None
) -> None:
    exact = {} if best is None else {Metric.PRECISION.value: best}
    choice = choose(candidates, exact)

    def keeps(metrics: dict[str, float]) -> bool:
        near = best is None or metrics[Metric.PRECISION] >= best - TIE
        return near and metrics[Metric.RECALL] >= ENOUGH_RECALL

    good = {k for k, metrics in candidates.items() if keeps(metrics)}
    if good:
        assert choice.k == max(good)
    else:
        assert candidates[choice.k][Metric.RECALL] == max(metrics[Metric.RECALL] for metrics in candidates.values())
    assert choice.reason.startswith((f"k={choice.k}", "no k keeps enough neighbours together"))


@given(st.dictionaries(st.integers(1, 300), sized, min_size=1, max_size=6), st.floats(1, 6))
def test_a_k_with_odd_tracks_for_clusters_does_not_win_unless_all_have_them(
    candidates: dict[int, dict[str, float]], smallest: float
) -> None:
    whole = {k: metrics for k, metrics in candidates.items() if metrics[Metric.SMALLEST] >= smallest}
    chosen = choose(candidates, {}, smallest).k
    assert not whole or chosen == choose(whole, {}, smallest).k
    assert whole or chosen == choose({k: metrics | {Metric.SMALLEST: 9} for k, metrics in candidates.items()}, {}).k


def test_a_k_that_is_too_large_for_groups_is_named() -> None:
    found = choose({8: GOOD | {Metric.SMALLEST: 5}, 16: GOOD | {Metric.SMALLEST: 1}}, EXACT)
    assert (found.k, found.reason.endswith("; k=16 has a cluster of fewer than 3 tracks")) == (8, True)


@given(st.lists(st.integers(0, 9), min_size=1).filter(any))
def test_clusters_that_are_kept_are_groups(sizes: list[int]) -> None:
    kept = groups(sizes)
    assert kept
    assert all(sizes[cluster] >= SMALLEST_CLUSTER or sizes[cluster] == max(sizes) for cluster in kept)
    assert all(size < SMALLEST_CLUSTER for cluster, size in enumerate(sizes) if cluster not in kept)


def test_the_smallest_k_does_not_win_because_it_is_the_smallest() -> None:
    assert choose({2: GOOD, 8: GOOD, 16: GOOD}, EXACT).k == 16


def test_a_k_that_loses_neighbours_or_precision_does_not_win() -> None:
    assert choose({8: GOOD, 32: GOOD | {Metric.RECALL: 0.89}}, EXACT).k == 8
    found = choose({8: GOOD, 32: GOOD | {Metric.PRECISION: 0.38}}, EXACT)
    assert found.k == 8
    assert found.reason == (
        "k=8: 95% of the exact neighbours are in the nearest clusters, precision 0.400 of 0.400; k=32 loses more: "
        "95% of the exact neighbours are in the nearest clusters, precision 0.380 of 0.400"
    )


def test_silhouette_does_not_matter() -> None:
    assert choose({8: GOOD | {Metric.SILHOUETTE: 0.9}, 16: GOOD | {Metric.SILHOUETTE: 0.0}}, EXACT).k == 16


@pytest.mark.parametrize(("labelled", "tracks", "judged"), [(0, 0, False), (49, 100, False), (50, 100, True)])
def test_genres_judge_when_half_of_the_tracks_have_one(labelled: int, tracks: int, judged: bool) -> None:
    assert judges_precision(labelled, tracks) is judged
