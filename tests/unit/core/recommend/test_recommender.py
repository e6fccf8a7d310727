"""Recommendations from a catalogue with known right answers."""

from __future__ import annotations

import math
from collections import Counter

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue_core.contract import ANALYSED_FAMILIES, Family
from segue_core.recommend.filters import Drop, Filters, Range
from segue_core.recommend.question_errors import (
    EmptyCatalogueError,
    RecommendError,
    UnknownGenreError,
    UnknownTrackError,
)
from segue_core.store.records import Metadata
from support.detailed_catalogue import GENRES, TRACKS, built, recommender, records, track_of
from support.synthetic_model import assemble, train_model


def test_what_is_similar_is_of_the_same_genre() -> None:
    for genre in range(GENRES):
        answer = recommender().similar(track_of(genre), limit=10)
        assert [hit.genres for hit in answer.hits] == [(f"Genre {genre}",)] * 10
        assert [hit.score for hit in answer.hits] == sorted((hit.score for hit in answer.hits), reverse=True)
        assert all(0 <= hit.score <= 1 and 0 < hit.similarity <= 1 for hit in answer.hits)


def test_the_artists_own_tracks_are_nearest_but_capped() -> None:
    seed = records()[3]
    own = [
        hit for hit in recommender().similar(seed.track_id, artist_cap=None).hits if hit.artist == seed.metadata.artist
    ]
    assert len(own) >= 6
    answer = recommender().similar(seed.track_id, artist_cap=1, limit=20)
    assert max(Counter(hit.artist for hit in answer.hits).values()) == 1
    assert answer.dropped[Drop.ARTIST_CAP] >= 5


def test_unknown_artists_do_not_count_as_one_artist() -> None:
    nameless = [
        msgspec.structs.replace(record, metadata=Metadata(genres=record.metadata.genres)) for record in records()
    ]
    answer = built(nameless).similar(track_of(0), limit=10, artist_cap=1)
    assert len(answer.hits) == 10
    assert Drop.ARTIST_CAP not in answer.dropped


def test_if_a_cap_uses_up_the_pool_farther_tracks_fill_the_list() -> None:
    one_voice = [
        msgspec.structs.replace(record, metadata=msgspec.structs.replace(record.metadata, artist="Wallpaper"))
        if int(record.track_id) < 380
        else record
        for record in records()
    ]
    answer = built(one_voice).similar(track_of(0), limit=10, artist_cap=2)
    assert len(answer.hits) == 10
    assert sum(hit.artist == "Wallpaper" for hit in answer.hits) == 2


def test_shares_of_every_hit_add_up_to_one() -> None:
    for hit in recommender().recommend([track_of(0), track_of(1), track_of(0, 3)], limit=30).hits:
        assert set(hit.why) == set(ANALYSED_FAMILIES)
        assert math.isclose(math.fsum(hit.why.values()), 1.0, abs_tol=1e-9)


def test_a_model_with_some_families_explains_with_these() -> None:
    families = (Family.TIMBRE, Family.RHYTHM)
    hit = built(records(), families=families).similar(track_of(2)).hits[0]
    assert tuple(hit.why) == families


def test_every_taste_has_its_share_and_says_which_like_it_came_from() -> None:
    likes = [track_of(0, place) for place in range(8)] + [track_of(3)]
    answer = recommender().recommend(likes, limit=10)
    genres = Counter(hit.genres[0] for hit in answer.hits)
    assert genres["Genre 3"] >= 2
    assert genres["Genre 0"] >= 5
    liked = {record.track_id: record.metadata.genres for record in records()}
    assert all(liked[hit.because] == hit.genres for hit in answer.hits)
    assert sorted(track_id for taste in answer.tastes for track_id in taste) == sorted(likes)


@given(st.permutations([track_of(0), track_of(1), track_of(1, 4), track_of(4), track_of(0, 6)]))
@settings(max_examples=20)
def test_the_order_and_repetition_of_likes_do_not_matter(likes: list[str]) -> None:
    expected = recommender().recommend(sorted(likes), [track_of(2)])
    assert recommender().recommend([*likes, likes[0]], [track_of(2)]) == expected


@given(st.sets(st.integers(0, TRACKS - 1), min_size=1, max_size=6), st.integers(1, 40), st.integers(1, 4))
@settings(max_examples=40)
def test_no_seed_is_a_hit_and_no_track_appears_twice_and_no_artist_too_often(
    rows: set[int], limit: int, cap: int
) -> None:
    likes = [records()[row].track_id for row in rows]
    answer = recommender().recommend(likes, limit=limit, artist_cap=cap)
    ids = [hit.track_id for hit in answer.hits]
    assert len(ids) == len(set(ids)) == limit
    assert not set(ids) & set(likes)
    assert max(Counter(hit.artist for hit in answer.hits).values()) <= cap
    assert answer.dropped[Drop.SEED] == len(likes)


def test_the_rows_and_the_storage_order_do_not_matter() -> None:
    model, assignments = train_model(records(), k=8)
    shuffled = [records()[row] for row in np.random.default_rng(0).permutation(TRACKS)]
    answer = assemble(model, assignments[::-1], shuffled).similar(track_of(1), limit=30)
    assert answer == recommender().similar(track_of(1), limit=30)


def test_copies_of_the_seed_and_of_hits_are_left_out() -> None:
    seed, best = records()[3], recommender().similar(records()[3].track_id).hits[0].track_id
    copies = [
        msgspec.structs.replace(seed, track_id="same-audio", metadata=Metadata(title="Other", artist="Else")),
        msgspec.structs.replace(
            seed,
            track_id="same-title",
            audio_sha256="f" * 64,
            metadata=Metadata(title=f"  {str(seed.metadata.title).upper()} ", artist=str(seed.metadata.artist).lower()),
        ),
        msgspec.structs.replace(records()[int(best)], track_id="zz-copy-of-best"),
    ]
    answer = built([*records(), *copies]).similar(seed.track_id, limit=10)
    ids = {hit.track_id for hit in answer.hits}
    assert best in ids
    assert not ids & {"same-audio", "same-title", "zz-copy-of-best"}
    assert answer.dropped[Drop.DUPLICATE] == 3


def test_artists_without_a_name_are_not_one_artist() -> None:
    unnamed = [
        msgspec.structs.replace(
            record, metadata=msgspec.structs.replace(record.metadata, title="Track 01", artist="Unknown  Artist")
        )
        for record in records()[:60]
    ]
    answer = built(unnamed).similar(unnamed[0].track_id, limit=20)
    assert len(answer.hits) == 20
    assert Drop.ARTIST_CAP not in answer.dropped


def test_names_do_not_make_a_recording_and_other_names_do_not_hide_one() -> None:
    seed, other = records()[3], records()[8]
    transcoded = {family: tuple(value * 1.001 for value in vector) for family, vector in seed.families.items()}
    named = msgspec.structs.replace(other, track_id="same-names", audio_sha256="e" * 64, metadata=seed.metadata)
    more = [
        msgspec.structs.replace(
            seed, track_id="transcoded", audio_sha256="f" * 64, families=transcoded, metadata=Metadata(title="Track 7")
        ),
        msgspec.structs.replace(named, audio=msgspec.structs.replace(other.audio, duration_seconds=999.0)),
    ]
    answer = built([*records(), *more]).similar(seed.track_id, limit=len(records()), artist_cap=None)
    ids = {hit.track_id for hit in answer.hits}
    assert "transcoded" not in ids
    assert "same-names" in ids


def test_dislikes_push_tracks_near_them_away() -> None:
    liked, disliked = track_of(2), recommender().similar(track_of(2), artist_cap=None).hits[0]
    before = {hit.track_id: hit.score for hit in recommender().similar(liked, limit=30, artist_cap=None).hits}
    answer = recommender().recommend([liked], [disliked.track_id], limit=30, artist_cap=None)
    after = {hit.track_id: hit.score for hit in answer.hits}
    assert disliked.track_id not in after
    assert answer.dropped[Drop.DISLIKED] > 0
    assert all(after[track_id] <= before[track_id] for track_id in before.keys() & after.keys())


def test_a_disliked_genre_disappears_from_the_list() -> None:
    likes = [track_of(0), track_of(1)]
    dislikes = [track_of(1, place) for place in range(1, 12)]
    with_dislikes = recommender().recommend(likes, dislikes, limit=20)
    without = recommender().recommend(likes, limit=20)
    count = [sum(hit.genres == ("Genre 1",) for hit in answer.hits) for answer in (without, with_dislikes)]
    assert count[1] < count[0]


def test_filters_hold_for_every_hit_and_count_what_they_left_out() -> None:
    filters = Filters(
        genres=("genre 0", "GENRE 1"), year=Range(1970, 2000), tempo_bpm=Range(high=130), duration_seconds=Range(60)
    )
    answer = recommender().similar(track_of(0), limit=10, filters=filters)
    stored = {record.track_id: record for record in records()}
    for hit in answer.hits:
        record = stored[hit.track_id]
        assert record.metadata.genres[0] in ("Genre 0", "Genre 1")
        assert 1970 <= record.metadata.year <= 2000
        assert record.descriptors["tempoBpm"] <= 130
        assert record.audio.duration_seconds >= 60
    rules = (Drop.SEED, Drop.GENRE, Drop.YEAR, Drop.TEMPO, Drop.DURATION)
    passing = recommender().similar(track_of(0), limit=TRACKS, artist_cap=None, filters=filters)
    assert sum(answer.dropped[rule] for rule in rules) + len(passing.hits) == TRACKS


def test_a_list_that_cannot_be_filled_says_why() -> None:
    answer = recommender().similar(track_of(0), limit=50, filters=Filters(year=Range(1961, 1961)))
    assert 0 < len(answer.hits) < 50
    assert answer.note == (
        f"only {len(answer.hits)} of 400 tracks are left; left out: 1 by seed, {answer.dropped[Drop.YEAR]} by year"
    )


def test_a_genre_that_no_track_has_is_an_error_with_a_suggestion() -> None:
    with pytest.raises(UnknownGenreError, match=r"no track has the genre 'Genra 1'; did you mean 'genre 1'"):
        recommender().similar(track_of(0), filters=Filters(genres=("Genra 1",)))


@pytest.mark.parametrize("ends", [(2000, 1990), (math.nan, None)])
def test_an_empty_range_is_an_error(ends) -> None:
    with pytest.raises(RecommendError, match="is empty; give"):
        Range(*ends)


def test_an_unknown_id_is_an_error_with_suggestions() -> None:
    with pytest.raises(UnknownTrackError, match=r"track '00003'; did you mean .*'000003' \(Artist 3 - Track 3\)"):
        recommender().similar("00003")
    with pytest.raises(UnknownTrackError, match=r"did you mean '000123' \(Artist 23 - Track 123\)"):
        recommender().similar("track 123")
    with pytest.raises(UnknownTrackError, match=r"has no track '\?'$"):
        recommender().similar("?")


@pytest.mark.parametrize(
    ("likes", "dislikes", "options", "problem"),
    [
        ([], [], {}, "nothing to compare with"),
        (["000001"], ["000001"], {}, "'000001' is both liked and disliked"),
        (["000001"], [], {"limit": 0}, "must be at least 1"),
        (["000001"], [], {"artist_cap": 0}, "must be at least 1"),
    ],
)
def test_an_invalid_question_is_refused(likes, dislikes, options, problem: str) -> None:
    with pytest.raises(RecommendError, match=problem):
        recommender().recommend(likes, dislikes, **options)


def test_a_catalogue_of_one_track_gives_an_empty_list() -> None:
    model, assignments = train_model(records(), k=8)
    answer = assemble(model, assignments[:1], records()[:1]).similar(records()[0].track_id)
    assert (answer.hits, answer.note) == ((), "the catalogue has no other track")


def test_a_catalogue_without_any_usable_track_is_an_error() -> None:
    model, assignments = train_model(records(), k=8)
    with pytest.raises(EmptyCatalogueError, match="apply a TrainingRun"):
        assemble(model, assignments, [msgspec.structs.replace(records()[0], recipe="other")])


def test_every_cluster_has_its_own_name() -> None:
    names = recommender().cluster_names
    assert len(set(names)) == 8
    assert any("Genre" in name for name in names)
