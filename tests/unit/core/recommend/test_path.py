"""Journeys from one track to another."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from segue_core.recommend.question_errors import RecommendError, UnknownTrackError
from segue_core.recommend.recommender import Recommender
from support.synthetic_model import assemble, train_model
from support.synthetic_tracks import synthetic_tracks


@cache
def recommender() -> Recommender:
    records = list(synthetic_tracks("fma", 1500, genres=6))
    return assemble(*train_model(records, k=8), records)


def along_the_line(start: int, end: int, count: int) -> float:
    """Largest hop of the usual way: points on the arc between both, and the nearest unused track to each."""
    vectors = recommender().space.index.vectors(np.arange(len(recommender().tracks)))
    angle = np.arccos(np.clip(vectors[start] @ vectors[end], -1, 1))
    chosen = [start]
    for share in np.linspace(0, 1, count)[1:-1]:
        point = np.sin((1 - share) * angle) * vectors[start] + np.sin(share * angle) * vectors[end]
        cosines = vectors @ point
        cosines[[*chosen, end]] = -np.inf
        chosen.append(int(np.argmax(cosines)))
    way = vectors[[*chosen, end]]
    return float((1 - np.einsum("nd,nd->n", way[:-1], way[1:])).max())


def test_hops_are_smaller_than_along_the_line() -> None:
    pairs = np.random.default_rng(1).integers(1500, size=(40, 2)).tolist()
    ours = [recommender().path(f"{start:06d}", f"{end:06d}", 12).largest_hop for start, end in pairs if start != end]
    usual = [along_the_line(start, end, 12) for start, end in pairs if start != end]
    assert np.median(ours) < 0.85 * np.median(usual)


@pytest.mark.parametrize("count", [2, 3, 12, 40])
def test_a_journey_has_its_ends_and_no_track_twice(count: int) -> None:
    found = recommender().path("000003", "000700", count)
    ids = [step.track_id for step in found.steps]
    assert (ids[0], ids[-1], len(ids), len(set(ids))) == ("000003", "000700", count, count)
    assert found.note is None
    assert found.largest_hop == max(step.hop for step in found.steps)
    assert (found.steps[0].hop, found.steps[0].words) == (0.0, "")
    assert all(step.words for step in found.steps[1:])
    assert all(sum(step.why.values()) == pytest.approx(1) for step in found.steps)


def test_a_journey_always_leads_forward() -> None:
    found = recommender().path("000003", "000700", 12)
    rows = np.array([recommender().tracks.row_of[step.track_id] for step in found.steps])
    vectors = recommender().space.index.vectors(rows)
    assert (np.diff(vectors @ (vectors[-1] - vectors[0])) > 0).all()


def test_too_few_tracks_between_make_a_shorter_journey_that_says_so() -> None:
    records = list(synthetic_tracks("fma", 30))
    few = assemble(*train_model(records, k=2), records)
    found = few.path("000001", "000002", 100)
    assert 2 <= len(found.steps) <= 30
    assert found.note == f"only {len(found.steps) - 2} tracks lie between '000001' and '000002'"


@pytest.mark.parametrize(
    ("start", "end", "count", "problem"),
    [
        ("000001", "000001", 10, "two different tracks"),
        ("000001", "000002", 1, "2 to 100 tracks, not 1"),
        ("000001", "000002", 101, "2 to 100 tracks, not 101"),
    ],
)
def test_an_impossible_journey_is_refused(start: str, end: str, count: int, problem: str) -> None:
    with pytest.raises(RecommendError, match=problem):
        recommender().path(start, end, count)


def test_an_unknown_end_is_named() -> None:
    with pytest.raises(UnknownTrackError, match="has no track 'nowhere'"):
        recommender().path("000001", "nowhere")
