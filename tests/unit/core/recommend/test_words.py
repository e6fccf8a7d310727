"""Words rank tracks within their catalogue; people's words mean tags, and what nobody can tell is said."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_core.recommend.by_words import recommend_by_words
from segue_core.recommend.filters import Drop, Filters
from segue_core.recommend.question_errors import RecommendError, UnknownWordError
from segue_core.recommend.recommender import Recommender
from segue_core.recommend.saved_recommender import load, save
from segue_core.recommend.words import SYNONYMS, UNKNOWN, column_of, ranks, to_bytes, understand
from segue_core.store.records import TrackRecord
from segue_jobs.learned.published import TAG_NAMES
from support.synthetic_model import assemble, train_model
from support.synthetic_tracks import synthetic_tracks

NO_ROWS = np.empty(0, dtype=np.intp)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_bytes_keep_the_order(shares: list[float]) -> None:
    said = to_bytes({str(place): share for place, share in enumerate(shares)})
    order = np.argsort(shares, kind="stable")
    assert list(np.array(list(said))[order]) == sorted(said)
    assert UNKNOWN not in said


def test_ranks_are_percent_of_the_catalogue_and_copies_share_theirs() -> None:
    column = np.array([10, 20, 20, 30, UNKNOWN, 0], dtype=np.uint8)
    np.testing.assert_allclose(ranks(column, np.array([5])), [12.5, 50, 50, 87.5, np.nan, 0], atol=1e-4)
    assert ranks(column, NO_ROWS, np.array([25], dtype=np.uint8))[0] == pytest.approx(80)


def test_a_track_of_another_network_has_unknown_words() -> None:
    column = column_of([(("a", "b"), b"xy"), (("c",), b"z"), ((), b"")], ["a", "b"])
    assert column.tolist() == [[120, 121], [UNKNOWN, UNKNOWN], [UNKNOWN, UNKNOWN]]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Calm acoustic guitar", [SYNONYMS["calm"], ("acoustic",), ("guitar",)]),
        ("alternative rock", [("alternative rock",)]),
        ("alternative, rock", [("alternative rock",)]),
        ("hip hop with female voice", [("hip-hop",), SYNONYMS["female voice"]]),
        ("something SAD and instrumental", [("sad",), ("instrumental",)]),
        ("easy listening", [("easy listening",)]),
        ("", []),
    ],
)
def test_what_people_say(text: str, meant: list[tuple[str, ...]]) -> None:
    assert understand(text, TAG_NAMES) == meant


def test_every_synonym_means_tags_of_the_published_network() -> None:
    assert {tag for tags in SYNONYMS.values() for tag in tags} <= set(TAG_NAMES)
    assert not set(SYNONYMS) & set(TAG_NAMES)


def test_a_word_that_nobody_can_tell() -> None:
    with pytest.raises(
        UnknownWordError, match="no network can tell 'piano' here; these words are understood: 00s, 60s"
    ):
        understand("calm piano", TAG_NAMES)
    with pytest.raises(UnknownWordError, match="did you mean 'electronic'"):
        understand("electronik", TAG_NAMES)
    with pytest.raises(UnknownWordError, match="no network has heard these tracks"):
        understand("calm", ())


@pytest.fixture(scope="module")
def records() -> list[TrackRecord]:
    return [
        msgspec.structs.replace(record, words={"mellow": place / 100, "metal": 1 - place / 100})
        if place < 90
        else record
        for place, record in enumerate(synthetic_tracks("c", 100))
    ]


@pytest.fixture(scope="module")
def recommender(records: list[TrackRecord]) -> Recommender:
    return assemble(*train_model(records, k=4), records)


def test_a_filter_keeps_the_quarter_that_fits_best(recommender: Recommender, records: list[TrackRecord]) -> None:
    answer = recommender.recommend(["000000"], limit=100, artist_cap=None, filters=Filters(words="calm"))
    mellow = {record.track_id for record in records[67:90]}
    assert {hit.track_id for hit in answer.hits} == mellow
    assert answer.dropped[Drop.WORDS] == 100 - 1 - len(mellow)


def test_words_alone_are_a_question(recommender: Recommender) -> None:
    answer = recommend_by_words(recommender, "calm", limit=5)
    assert len(answer.hits) == 5
    for hit in answer.hits:
        assert int(hit.track_id) >= 67
        assert hit.words == "typical of calm (estimated)"
        assert sum(hit.why.values()) == pytest.approx(1)
    with pytest.raises(RecommendError, match="no track sounds like 'calm metal'"):
        recommend_by_words(recommender, "calm metal")


def test_estimates_say_what_fits(recommender: Recommender) -> None:
    rows = recommender.tracks.row_of
    assert recommender.tracks.estimates(rows["000000"]) == {"metal": 99}
    assert recommender.tracks.estimates(rows["000045"]) == {}
    assert recommender.tracks.estimates(rows["000095"]) == {}


def test_words_arrive_with_later_tracks(recommender: Recommender, records: list[TrackRecord]) -> None:
    late = msgspec.structs.replace(records[0], track_id="late", words={"mellow": 0.999, "metal": 0.0})
    later = recommender.with_tracks([late], [])
    assert later.tracks.estimates(later.tracks.row_of["late"]) == {"mellow": 99}
    assert later.tracks.has(later.tracks.card(later.tracks.row_of["late"]))
    assert recommender.with_tracks([records[0]], []).tracks.estimates(recommender.tracks.row_of["000000"])


def test_words_are_saved_with_the_catalogue(tmp_path: Path, records: list[TrackRecord]) -> None:
    model, assignments = train_model(records, k=4)
    made = assemble(model, assignments, records)
    with (tmp_path / "catalogue.npz").open("wb") as file:
        save(file, made, model, "now")
    found = load(tmp_path / "catalogue.npz", "now")
    assert found is not None
    assert found.tracks.names.words == ["mellow", "metal"]
    assert repr(found.tracks.cards[:]) == repr(made.tracks.cards[:])
