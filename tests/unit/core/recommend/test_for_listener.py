"""One answer for a listener, whatever is known of them."""

from __future__ import annotations

import math
from collections import Counter
from functools import cache

import msgspec
import numpy as np
import pytest

from segue_core.recommend.answer import Source
from segue_core.recommend.filters import Drop, Filters, Range
from segue_core.recommend.listener_view import Exclusions, ListenerView, Preferences
from segue_core.recommend.question_errors import RecommendError
from segue_core.recommend.recommender import Recommender
from segue_core.recommend.tastes import centre
from segue_core.store.records import TrackRecord
from support.synthetic_model import assemble, train_model
from support.synthetic_tracks import synthetic_tracks

GENRES = 6


def described(record: TrackRecord) -> TrackRecord:
    number = int(record.track_id)
    metadata = msgspec.structs.replace(
        record.metadata, album=f"Album {number % 40}", year=None if number % 7 == 0 else 1960 + number % 60
    )
    return msgspec.structs.replace(
        record, metadata=metadata, descriptors={"tempoBpm": 60.0 + number % 100, "loudnessDb": -30.0 + number % 20}
    )


@cache
def records() -> tuple[TrackRecord, ...]:
    return tuple(map(described, synthetic_tracks("fma", 600, genres=GENRES, tracks_per_artist=8)))


@cache
def recommender() -> Recommender:
    return assemble(*train_model(records(), k=8), records())


def of_genre(genre: int, count: int, start: int = 0) -> tuple[str, ...]:
    found = [record.track_id for record in records() if record.metadata.genres == (f"Genre {genre}",)]
    return tuple(found[start : start + count])


def ids(answer) -> list[str]:
    return [hit.track_id for hit in answer.hits]


def test_likes_and_plays_form_long_tastes_and_every_hit_names_one_of_them() -> None:
    view = ListenerView(likes=of_genre(0, 5), plays=dict.fromkeys(of_genre(1, 6), 3.0))
    answer = recommender().for_listener(view)
    assert len(answer.hits) == 20
    assert {hit.source for hit in answer.hits} == {Source.LONG}
    assert {hit.genres[0] for hit in answer.hits} == {"Genre 0", "Genre 1"}
    genre = {record.track_id: record.metadata.genres for record in records()}
    for hit in answer.hits:
        assert hit.because in {*view.likes, *view.plays}
        assert genre[hit.because] == hit.genres
        assert math.isclose(math.fsum(hit.why.values()), 1.0, abs_tol=1e-9)


def test_a_like_weighs_more_than_any_number_of_plays() -> None:
    view = ListenerView(likes=of_genre(0, 3), plays=dict.fromkeys(of_genre(1, 3), 1e9))
    genres = Counter(hit.genres[0] for hit in recommender().for_listener(view).hits)
    assert genres["Genre 0"] > genres["Genre 1"] > 0


def test_one_like_among_many_has_a_voice_and_one_play_has_none() -> None:
    view = ListenerView(
        likes=of_genre(0, 24) + of_genre(1, 1), plays=dict.fromkeys(of_genre(0, 40, 24), 5.0) | {of_genre(2, 1)[0]: 1.0}
    )
    hits = recommender().for_listener(view).hits
    assert [hit.because for hit in hits if hit.genres == ("Genre 1",)][:1] == [of_genre(1, 1)[0]]
    assert of_genre(2, 1)[0] not in {hit.because for hit in hits}


def test_who_likes_one_genre_mostly_has_one_taste() -> None:
    tastes = [
        len(recommender().for_listener(ListenerView(likes=of_genre(genre, 5, start))).tastes)
        for genre in range(GENRES)
        for start in (0, 30, 60)
    ]
    assert np.mean(tastes) <= 1.2


def test_the_weakest_taste_has_at_least_twice_the_share_that_the_mean_vector_gives_it() -> None:
    index, row_of = recommender().space.index, recommender().tracks.row_of
    ours, mean = 0, 0
    for genre in range(GENRES):
        weak = f"Genre {(genre + 1) % GENRES}"
        likes = of_genre(genre, 6) + of_genre((genre + 1) % GENRES, 3)
        rows = np.array(sorted(row_of[one] for one in likes))
        near = index.search(centre(index.vectors(rows)), 20, denied=rows).rows
        mean += sum(recommender().tracks.card(row).genres == (weak,) for row in near.tolist())
        ours += sum(hit.genres == (weak,) for hit in recommender().for_listener(ListenerView(likes=likes)).hits)
    assert ours >= max(2 * mean, GENRES * 4)


def test_what_was_played_lately_is_left_out_and_comes_back_when_it_has_faded() -> None:
    near = recommender().similar(of_genre(0, 1)[0], artist_cap=None).hits[0].track_id
    for plays, rule in ((1.0, Drop.PLAYED), (0.2, None)):
        view = ListenerView(likes=of_genre(0, 1), plays={near: plays})
        answer = recommender().for_listener(view, artist_cap=None)
        assert (near in ids(answer)) == (rule is None)
        assert answer.dropped.get(Drop.PLAYED, 0) == (rule is not None)


def test_the_session_is_a_source_of_its_own() -> None:
    view = ListenerView(likes=of_genre(0, 6), session=of_genre(3, 3))
    sources = Counter((hit.source, hit.genres[0]) for hit in recommender().for_listener(view).hits)
    assert set(sources) == {(Source.LONG, "Genre 0"), (Source.SESSION, "Genre 3")}
    assert sources[Source.SESSION, "Genre 3"] >= 5
    alone = recommender().for_listener(ListenerView(session=of_genre(3, 3)))
    assert {hit.source for hit in alone.hits} == {Source.SESSION}


def test_nothing_that_was_given_is_a_hit() -> None:
    view = ListenerView(likes=of_genre(0, 4), dislikes=of_genre(1, 2), session=of_genre(0, 3, 4))
    answer = recommender().for_listener(view, limit=100, artist_cap=None)
    assert not {*view.likes, *view.dislikes, *view.session} & set(ids(answer))
    assert answer.dropped[Drop.SEED] == 9


def test_a_single_skip_lowers_its_track_alone() -> None:
    liked = of_genre(2, 5)
    before = recommender().for_listener(ListenerView(likes=liked))
    skipped = before.hits[0].track_id
    after = recommender().for_listener(ListenerView(likes=liked, skips={skipped: 1.0}))
    assert skipped not in ids(after)
    assert len(set(ids(before)) & set(ids(after))) >= 18


def test_three_skips_without_a_play_lower_the_neighbourhood() -> None:
    liked = of_genre(2, 5)
    hits = recommender().for_listener(ListenerView(likes=liked), artist_cap=None, limit=40).hits
    skipped = hits[0].track_id

    def scores(view: ListenerView) -> dict[str, float]:
        return {hit.track_id: hit.score for hit in recommender().for_listener(view, artist_cap=None, limit=40).hits}

    once = scores(ListenerView(likes=liked, skips={skipped: 1.0}))
    thrice = scores(ListenerView(likes=liked, skips={skipped: 3.0}))
    assert any(thrice[one] < once[one] for one in once.keys() & thrice.keys())
    # A play puts the track out of the list by itself; its neighbourhood stays as it was.
    played = scores(ListenerView(likes=liked, skips={skipped: 3.0}, plays={skipped: 0.01}))
    assert all(played[one] == pytest.approx(once[one], abs=0.02) for one in once.keys() & played.keys())


def test_ten_skips_inside_the_tastes_cost_little_cosine() -> None:
    liked = of_genre(0, 5) + of_genre(3, 5)
    view = ListenerView(likes=liked)
    before = recommender().for_listener(view, limit=20)
    skips = dict.fromkeys(ids(before)[:10], 1.0)
    after = recommender().for_listener(ListenerView(likes=liked, skips=skips), limit=20)
    mean = [sum(hit.similarity for hit in answer.hits) / 20 for answer in (before, after)]
    assert mean[1] >= 0.95 * mean[0]


def test_exclusions_hold_by_track_artist_album_and_genre_and_are_counted() -> None:
    liked = of_genre(0, 5)
    plain = recommender().for_listener(ListenerView(likes=liked), artist_cap=None)
    first, second = plain.hits[0], plain.hits[1]
    excluded = Exclusions(
        tracks=frozenset({first.track_id, "gone"}),
        artists=frozenset({str(second.artist).upper(), "Nobody"}),
        albums=frozenset({"album 7"}),
        genres=frozenset({"GENRE 1"}),
    )
    view = ListenerView(likes=liked, preferences=Preferences(excluded=excluded))
    answer = recommender().for_listener(view, limit=600, artist_cap=None)
    assert answer.dropped[Drop.EXCLUDED] > 100
    for hit in answer.hits:
        assert hit.track_id != first.track_id
        assert hit.artist != second.artist
        assert hit.album != "Album 7"
        assert hit.genres != ("Genre 1",)
    counted = (Drop.SEED, Drop.DUPLICATE, Drop.EXCLUDED, Drop.DISLIKED)
    assert len(answer.hits) + sum(answer.dropped.get(rule, 0) for rule in counted) == 600


def test_the_request_leaves_out_ids_and_the_queue_with_its_near_duplicates() -> None:
    liked = of_genre(4, 3)
    plain = recommender().for_listener(ListenerView(likes=liked))
    omitted, queued = ids(plain)[0], ids(plain)[1]
    twin = msgspec.structs.replace(
        records()[int(queued)], track_id="twin", audio_sha256="f" * 64,
        metadata=msgspec.structs.replace(records()[int(queued)].metadata, title="Other", artist="Else"),
    )  # fmt: skip
    answer = (
        recommender()
        .with_tracks([twin])
        .for_listener(ListenerView(likes=liked), exclude=[omitted, "unknown"], queue=[queued, "unknown"])
    )
    assert not {omitted, queued, "twin"} & set(ids(answer))
    assert (answer.dropped[Drop.OMITTED], answer.dropped[Drop.QUEUED]) == (1, 2)


def test_stated_preferences_serve_until_there_is_a_history() -> None:
    preferences = Preferences(genres=("genre 2", "No such genre"), artists=("Artist 5",), year=Range(1980, 2019))
    answer = recommender().for_listener(ListenerView(preferences=preferences), limit=10)
    years = {record.track_id: record.metadata.year for record in records()}
    assert len(answer.hits) == 10
    for hit in answer.hits:
        assert hit.source is Source.PREFERENCES
        assert hit.because is None
        assert hit.genres == ("Genre 2",) or hit.artist == "Artist 5"
        assert years[hit.track_id] is None or 1980 <= years[hit.track_id] <= 2019
        assert hit.words.startswith("typical of ")
    assert {hit.words for hit in answer.hits} == {"typical of genre 2", "typical of Artist 5"}
    with_history = recommender().for_listener(ListenerView(likes=of_genre(0, 3), preferences=preferences))
    assert {hit.source for hit in with_history.hits} == {Source.LONG}
    assert with_history.dropped[Drop.PREFERENCE] > 0


def test_of_whom_nothing_is_known_gets_a_choice_that_spans_the_catalogue() -> None:
    answer = recommender().for_listener(ListenerView(likes=("gone",)))
    assert len(answer.hits) == 12
    assert {hit.source for hit in answer.hits} == {Source.FIRST_RUN}
    assert len({hit.artist for hit in answer.hits}) == 12
    assert {hit.cluster for hit in answer.hits} == set(recommender().tracks.clusters.tolist())
    assert {hit.genres[0] for hit in answer.hits} == {f"Genre {genre}" for genre in range(GENRES)}
    excluded = Exclusions(genres=frozenset({"Genre 0"}))
    narrowed = recommender().for_listener(
        ListenerView(preferences=Preferences(excluded=excluded)), limit=5, filters=Filters(year=Range(1990))
    )
    assert len(narrowed.hits) == 5
    assert all(hit.genres != ("Genre 0",) for hit in narrowed.hits)
    assert narrowed.dropped.keys() == {Drop.EXCLUDED, Drop.YEAR}


def test_a_prepared_listener_gets_the_same_answer_and_keeps_the_tastes() -> None:
    view = ListenerView(likes=of_genre(0, 4) + of_genre(1, 4), session=of_genre(2, 2))
    prepared = recommender().prepare(view)
    assert recommender().for_listener(prepared) == recommender().for_listener(view)
    later = ListenerView(likes=view.likes, session=of_genre(2, 3))
    again = recommender().prepare(later, prepared)
    assert again.long is prepared.long
    assert recommender().for_listener(again) == recommender().for_listener(later)
    more = recommender().with_tracks([msgspec.structs.replace(records()[9], track_id="new", audio_sha256="e" * 64)])
    assert more.for_listener(prepared) == more.for_listener(view)


def test_who_dislikes_everything_gets_an_empty_list_that_says_why() -> None:
    view = ListenerView(dislikes=tuple(record.track_id for record in records()))
    answer = recommender().for_listener(view)
    assert answer.hits == ()
    assert str(answer.note).startswith("only 0 of 600 tracks are left; left out: 600 by seed")


@pytest.mark.parametrize("options", [{"limit": 0}, {"artist_cap": 0}])
def test_numbers_out_of_range_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(RecommendError, match="must be at least 1"):
        recommender().for_listener(ListenerView(), **options)
