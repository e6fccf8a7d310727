"""Comparing two versions by what they recommend."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue_core.recommend.model_diff import LIST_LENGTH, MOST_CHANGED, Side, diff_models
from segue_core.recommend.question_errors import RecommendError
from segue_core.store.records import TrackRecord
from support.synthetic_model import assemble, train_model
from support.synthetic_tracks import synthetic_tracks

RECORDS = list(synthetic_tracks("fma", 90, genres=4))


def side(records: list[TrackRecord], *, number: int = 1, k: int = 5, **changes: object) -> Side:
    model, assignments = train_model(records, k=k, number=number)
    return Side(msgspec.structs.replace(model, **changes), assemble(model, assignments, records))


def shuffled(records: list[TrackRecord]) -> list[TrackRecord]:
    """The same tracks with one another's sound."""
    order = np.random.default_rng(3).permutation(len(records))
    return [
        msgspec.structs.replace(record, families=records[other].families)
        for record, other in zip(records, order, strict=True)
    ]


ONE, SAME, OTHER = side(RECORDS), side(RECORDS, number=2), side(shuffled(RECORDS), number=3, k=6)


def test_the_same_model_under_another_number_recommends_the_same() -> None:
    diff = diff_models(ONE, SAME)
    assert (diff.before, diff.after) == ("fma:1", "fma:2")
    assert (diff.overlap, diff.rank_shift, diff.moved, diff.seeds, diff.most_changed) == (1.0, 0.0, 0.0, 90, ())
    assert (diff.common_tracks, diff.only_before, diff.only_after) == (90, 0, 0)
    assert all(item.before == item.after for item in diff.clusters)


def test_a_model_of_another_sound_recommends_something_else() -> None:
    diff = diff_models(ONE, OTHER)
    assert diff.overlap is not None
    assert diff.overlap < 0.5
    assert diff.moved is not None
    assert diff.moved > 0.3
    assert len(diff.most_changed) == MOST_CHANGED
    overlaps = [item.overlap for item in diff.most_changed]
    assert overlaps == sorted(overlaps)
    assert [item.after is None for item in diff.clusters] == [False] * 6
    assert [item.before is None for item in diff.clusters] == [False] * 5 + [True]
    assert sum(item.after.tracks for item in diff.clusters if item.after) == 90


@given(count=st.integers(1, 40), seed=st.integers(0, 9))
@settings(max_examples=10)
def test_every_figure_follows_from_the_lists_of_the_seeds(count: int, seed: int) -> None:
    diff = diff_models(ONE, OTHER, seeds=count, seed=seed)
    assert diff == diff_models(ONE, OTHER, seeds=count, seed=seed)
    assert diff.seeds == count
    for item in diff.most_changed:
        lists = [
            [hit.track_id for hit in one.recommender.similar(item.track_id, limit=LIST_LENGTH).hits]
            for one in (ONE, OTHER)
        ]
        assert item.overlap == pytest.approx(len(set(lists[0]) & set(lists[1])) / LIST_LENGTH)
        assert item.gone == tuple(found for found in lists[0] if found not in lists[1])
        assert item.arrived == tuple(found for found in lists[1] if found not in lists[0])


def test_there_and_back_the_shares_are_the_same() -> None:
    there, back = diff_models(ONE, OTHER), diff_models(OTHER, ONE)
    assert (there.overlap, there.moved) == (back.overlap, back.moved)
    assert there.rank_shift == pytest.approx(back.rank_shift)


def test_clusters_are_told_apart_by_their_permanent_numbers() -> None:
    renumbered = Side(msgspec.structs.replace(SAME.model, cluster_numbers=(0, 1, 2, 3, 7)), SAME.recommender)
    diff = diff_models(ONE, renumbered)
    assert [item.number for item in diff.clusters] == [0, 1, 2, 3, 4, 7]
    assert diff.clusters[4].after is None
    assert diff.clusters[5].before is None
    assert diff.moved == pytest.approx(np.mean(ONE.recommender.tracks.clusters == 4))


def test_measures_stand_side_by_side_and_a_missing_one_is_none() -> None:
    before = Side(msgspec.structs.replace(ONE.model, metrics={"recallAt10": 0.9, "churn": 0.1}), ONE.recommender)
    after = Side(msgspec.structs.replace(SAME.model, metrics={"recallAt10": 0.8}), SAME.recommender)
    assert diff_models(before, after).measures == {"recallAt10": (0.9, 0.8), "churn": (0.1, None)}


def test_without_a_common_track_there_is_nothing_to_compare() -> None:
    diff = diff_models(side(RECORDS[:40], k=2), side(RECORDS[40:], number=2, k=2))
    assert (diff.seeds, diff.overlap, diff.rank_shift, diff.moved) == (0, None, None, None)
    assert (diff.common_tracks, diff.only_before, diff.only_after) == (0, 40, 50)


def test_versions_of_different_catalogues_are_refused() -> None:
    with pytest.raises(RecommendError, match=r"'fma:1' and 'other:1' are of different catalogues"):
        diff_models(ONE, side(list(synthetic_tracks("other", 10)), k=2))
