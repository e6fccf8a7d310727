"""Searching all texts at once finds what asking each of them finds."""

from __future__ import annotations

from functools import cache

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_api.service import search
from segue_api.service.search import SearchTexts, find_rows
from segue_core.recommend.filters import Filters
from segue_core.recommend.recommender import Recommender
from segue_core.recommend.track_names import normalise_name
from support.synthetic_model import assemble, train_model
from support.synthetic_tracks import synthetic_tracks

TITLES = ("Aria", "Aria da capo", "Ein\u00fcben", "na na na", "7", "77 sunset", "The\0End", "\u97f3\u697d")


@cache
def catalogue() -> Recommender:
    records = [
        msgspec.structs.replace(
            one, metadata=msgspec.structs.replace(one.metadata, title=TITLES[number % 8] if number % 5 else "Common")
        )
        for number, one in enumerate(synthetic_tracks("fma", 90, genres=3))
    ]
    return assemble(*train_model(records, k=3), records)


def naive(words: list[str]) -> list[int]:
    tracks = catalogue().tracks
    found = []
    for row, label in enumerate(tracks.labels_of(np.arange(len(tracks)))):
        parts = (label.track_id, label.title, label.artist, label.album, *label.genres)
        text = "\n".join(normalise_name(part) for part in parts if part).replace("\0", " ")
        if all(word in text for word in words):
            found.append(row)
    return found


@pytest.mark.parametrize("frequent", [0.0, 0.1, 1.1])
@given(
    words=st.lists(
        st.sampled_from(["aria", "capo", "na", "n", "7", "77", "common", "a", "e", "zzz", "the", "end", "\u97f3"])
        | st.text("abcdefgh 0127", min_size=1, max_size=4),
        min_size=1,
        max_size=3,
    )
)
def test_it_finds_what_asking_each_text_finds(frequent: float, words: list[str]) -> None:
    expected = naive(" ".join(words).split()) if " ".join(words).split() else list(range(len(catalogue().tracks)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "_FREQUENT", frequent)
        assert find_rows(catalogue().tracks, SearchTexts(), " ".join(words), Filters()).tolist() == expected


def test_tracks_that_come_later_are_found_too() -> None:
    texts, trained = SearchTexts(), catalogue()
    texts.prepare(trained.tracks)
    (late,) = synthetic_tracks("fma", 1, genres=1)
    late = msgspec.structs.replace(
        late, track_id="late", metadata=msgspec.structs.replace(late.metadata, title="Unheard of")
    )
    grown = trained.with_tracks([late]).tracks
    assert find_rows(grown, texts, "unheard", Filters()).tolist() == [len(trained.tracks)]
    assert find_rows(trained.tracks, texts, "unheard", Filters()).tolist() == []
