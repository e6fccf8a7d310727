"""Tracks come and go while a catalogue is in memory."""

from __future__ import annotations

from functools import cache

import msgspec
import numpy as np
import pytest

from segue_core.contract import Exclusion
from segue_core.recommend import arrivals, columns
from segue_core.recommend.filters import Filters, Range
from segue_core.recommend.listener_view import ListenerView
from segue_core.recommend.question_errors import AbsentTrackError, EmptyCatalogueError, RecommendError
from segue_core.recommend.recommender import Recommender
from segue_core.similarity import search
from segue_core.store.records import TrackRecord
from support.synthetic_model import assemble, train_model
from support.synthetic_tracks import synthetic_tracks


@cache
def records() -> tuple[TrackRecord, ...]:
    return tuple(synthetic_tracks("fma", 400, genres=5))


@cache
def recommender() -> Recommender:
    return assemble(*train_model(records()[:300], k=6), records()[:300])


def test_an_added_track_is_placed_as_loading_would_have_placed_it() -> None:
    loaded = assemble(*train_model(records()[:300], k=6), records())
    grown = recommender().with_tracks(records()[300:])
    assert len(recommender().tracks) == 300
    np.testing.assert_array_equal(grown.tracks.clusters, loaded.tracks.clusters)
    np.testing.assert_array_equal(grown.tracks.new, loaded.tracks.new)
    np.testing.assert_allclose(grown.tracks.confidence, loaded.tracks.confidence, atol=1e-6)
    np.testing.assert_allclose(grown.space.proximity.mean, loaded.space.proximity.mean, atol=1e-6)
    for seed in ("000003", "000350"):
        expected = [hit.track_id for hit in loaded.similar(seed, limit=30).hits]
        assert [hit.track_id for hit in grown.similar(seed, limit=30).hits] == expected


def test_an_arrival_inside_the_training_is_surer_than_one_outside() -> None:
    typical = records()[int(recommender().tracks.ids_of(recommender().typical[0][:1])[0])]
    odd = {family: tuple(-9.0 * value for value in values) for family, values in typical.families.items()}
    grown = recommender().with_tracks(
        [
            msgspec.structs.replace(typical, track_id="inside", audio_sha256="a" * 64),
            msgspec.structs.replace(typical, track_id="outside", audio_sha256="b" * 64, families=odd),
        ]
    )
    inside, outside = (float(grown.tracks.confidence[grown.tracks.row_of[one]]) for one in ("inside", "outside"))
    assert inside > 0.8
    assert outside < 0.2
    hits = grown.for_listener(ListenerView(likes=("000001",)), limit=300, artist_cap=None).hits
    assert all((hit.confidence < 1.0) == hit.new for hit in hits)


def test_a_removed_track_is_gone_from_answers_but_not_from_those_who_hold_the_older_version() -> None:
    best = recommender().similar("000005").hits[0].track_id
    without = recommender().with_tracks(removed=[best, "unknown"])
    assert without.tracks.count == 299
    assert best not in [hit.track_id for hit in without.similar("000005", limit=250, artist_cap=None).hits]
    with pytest.raises(AbsentTrackError, match=f"'{best}' cannot be compared: Removed: it is no longer stored"):
        without.similar(best)
    assert recommender().similar("000005").hits[0].track_id == best
    again = without.with_tracks([records()[int(best)]])
    assert best in [hit.track_id for hit in again.similar("000005", limit=10).hits]


def test_a_track_that_was_extracted_again_replaces_itself() -> None:
    changed = msgspec.structs.replace(records()[7], families=records()[301].families, audio_sha256="c" * 64)
    found = recommender().with_tracks([records()[300], changed])
    assert found.tracks.count == 301
    row = found.tracks.row_of["000007"]
    assert found.tracks.new[row]
    assert found.similar("000007").hits[0].track_id != recommender().similar("000007").hits[0].track_id


def test_new_tags_do_not_make_a_track_new() -> None:
    metadata = msgspec.structs.replace(records()[7].metadata, title="Another title")
    found = recommender().with_tracks([msgspec.structs.replace(records()[7], metadata=metadata)])
    row = found.tracks.row_of["000007"]
    assert found.tracks.card(row).title == "Another title"
    assert (bool(found.tracks.new[row]), float(found.tracks.confidence[row])) == (False, 1.0)


def test_a_track_that_does_not_fit_is_absent_with_its_reason() -> None:
    odd = msgspec.structs.replace(records()[0], recipe="recipe-2")
    found = recommender().with_tracks([odd])
    assert found.tracks.count == 299
    assert found.absent["000000"].reason == Exclusion.RECIPE_MISMATCH


def test_many_removed_rows_are_left_out_and_nothing_else_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = recommender().prepare(ListenerView(likes=("000002", "000005", "000350")))
    gone = [f"{row:06d}" for row in range(100, 160)]
    kept = recommender().with_tracks(records()[300:], gone)
    monkeypatch.setattr(arrivals, "_FEWEST_REMOVED", 10)
    copied = recommender().with_tracks(records()[300:], gone)
    assert (len(kept.tracks), len(copied.tracks), list(copied.tracks.removed)) == (400, 340, [])
    assert dict(copied.tracks.row_of) == {one: row for row, one in enumerate(copied.tracks.ids)}
    for seed in ("000002", "000399"):
        assert copied.similar(seed, limit=50) == kept.similar(seed, limit=50)
    assert copied.for_listener(prepared) == kept.for_listener(prepared)
    assert copied.for_listener(ListenerView()).hits
    with pytest.raises(AbsentTrackError, match="no longer stored"):
        copied.similar("000100")


def test_tracks_that_came_one_by_one_are_found_like_those_that_came_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = recommender().with_tracks(records()[300:])
    monkeypatch.setattr(search, "_MOST_LATER", 3)
    monkeypatch.setattr(search, "_MOST_JOINED", 20)
    monkeypatch.setattr(columns, "_FEWEST_CHANGES", 4)
    monkeypatch.setattr(columns, "_CHANGES_OF_ROOT", 0)
    monkeypatch.setattr(columns, "_MOST_UNSORTED", 3)
    versions = [recommender()]
    for record in records()[300:]:
        versions.append(versions[-1].with_tracks([record]))
    grown = versions[-1]
    assert 3 < len(grown.space.index.blocks) < 12
    assert dict(grown.tracks.row_of) == dict(at_once.tracks.row_of)
    np.testing.assert_array_equal(
        grown.space.index.vectors(np.arange(400)), at_once.space.index.vectors(np.arange(400))
    )
    for seed in ("000002", "000320", "000399"):
        for filters in (Filters(), Filters(tempo_bpm=Range(120, None))):
            one, other = (each.similar(seed, limit=50, filters=filters).hits for each in (grown, at_once))
            assert [hit.track_id for hit in one] == [hit.track_id for hit in other]
            assert [hit.score for hit in one] == pytest.approx([hit.score for hit in other], abs=1e-6)
    assert [len(version.tracks) for version in versions] == list(range(300, 401))
    assert versions[50].similar("000002", limit=350, artist_cap=None).hits[-1].track_id in versions[50].tracks.row_of


def test_two_versions_of_one_catalogue_do_not_disturb_each_other() -> None:
    one = recommender().with_tracks([records()[300]])
    left, right = one.with_tracks([records()[301]]), one.with_tracks([records()[302]])
    assert left.tracks.ids_of(np.array([301])) == ["000301"]
    assert right.tracks.ids_of(np.array([301])) == ["000302"]
    assert left.similar("000301", limit=5).hits != right.similar("000302", limit=5).hits


def test_the_last_track_cannot_be_removed() -> None:
    with pytest.raises(EmptyCatalogueError, match="apply a TrainingRun"):
        recommender().with_tracks(removed=[record.track_id for record in records()])


def test_a_recommender_without_its_models_document_says_so() -> None:
    bare = Recommender("fma", "fma:1", tracks=recommender().tracks, space=recommender().space)
    with pytest.raises(RecommendError, match="its document is not in memory"):
        bare.with_tracks(records()[300:])
