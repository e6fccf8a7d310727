"""Differences between the lists of two spaces, and how certain they are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_core.contract.measures import Metric
from segue_core.store.models import Difference
from segue_jobs.train.comparison import compare
from segue_jobs.train.listing import Listing
from segue_jobs.train.measures import hubness_skewness, reach

TRACKS = 400
ARTISTS = [f"artist {row // 4}" for row in range(TRACKS)]


def listing(precision: float = 0.4, seed: int = 1) -> Listing:
    random = np.random.default_rng(seed)
    return Listing(random.binomial(10, precision, TRACKS) / 10, random.poisson(10, TRACKS))


def by_metric(found: tuple[Difference, ...]) -> dict[str, Difference]:
    return {one.metric: one for one in found}


@given(st.integers(0, 99))
def test_equal_lists_do_not_differ_at_all(seed: int) -> None:
    for one in compare(listing(seed=seed), listing(seed=seed), ARTISTS, Metric.PRECISION):
        assert (one.before, one.low, one.high) == (one.after, 0, 0)


def test_values_are_those_of_the_measures() -> None:
    before, after = listing(seed=1), listing(seed=2)
    found = by_metric(compare(before, after, ARTISTS, Metric.PRECISION))
    assert found[Metric.PRECISION].before == pytest.approx(before.relevance.mean())
    assert found[Metric.REACH].after == pytest.approx(reach(after.counts))
    assert found[Metric.HUBNESS].after == pytest.approx(hubness_skewness(after.counts))


def test_intervals_contain_a_difference_of_zero_about_as_often_as_they_say() -> None:
    pairs = [compare(listing(seed=2 * run), listing(seed=2 * run + 1), ARTISTS, Metric.PRECISION) for run in range(60)]
    certain = sum(one.low > 0 or one.high < 0 for found in pairs for one in found if one.metric == Metric.PRECISION)
    assert certain <= 8


def test_a_clear_loss_is_certain() -> None:
    found = by_metric(compare(listing(0.5, 1), listing(0.3, 2), ARTISTS, Metric.PRECISION))[Metric.PRECISION]
    assert found.low < found.after - found.before < found.high < 0


def test_tracks_of_one_artist_are_no_independent_evidence() -> None:
    random = np.random.default_rng(5)
    shift = np.repeat(random.normal(0.02, 0.2, TRACKS // 20), 20)  # what happens to an artist happens to all its tracks
    before = Listing(np.full(TRACKS, 0.5), np.full(TRACKS, 10))
    after = Listing(0.5 + shift, np.full(TRACKS, 10))
    width = {}
    for name, artists in (
        ("tracks", [str(row) for row in range(TRACKS)]),
        ("artists", [str(row // 20) for row in range(TRACKS)]),
    ):
        one = by_metric(compare(before, after, artists, Metric.PRECISION))[Metric.PRECISION]
        width[name] = one.high - one.low
    assert width["artists"] > 3 * width["tracks"]


def test_few_artists_are_not_drawn_but_their_tracks() -> None:
    one = compare(listing(seed=1), listing(seed=2), ["the only one"] * TRACKS, Metric.PRECISION)[0]
    assert one.low < one.high


def test_what_cannot_be_judged_in_both_does_not_count() -> None:
    before, after = listing(seed=1), listing(seed=2)
    before.relevance[:100], after.relevance[100:200] = np.nan, np.nan
    found = compare(before, after, ARTISTS, Metric.PRECISION)[0]
    assert found.before == pytest.approx(before.relevance[200:].mean())
    before.relevance[:] = np.nan
    assert [one.metric for one in compare(before, after, ARTISTS, Metric.PRECISION)] == [Metric.REACH, Metric.HUBNESS]


def test_nothing_compares_with_nothing() -> None:
    nothing = Listing(np.empty(0), np.empty(0, dtype=np.intp))
    assert compare(nothing, nothing, [], None) == ()
