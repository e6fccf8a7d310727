"""Tracks come in any order, and end in the order of their ids."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_core.recommend.card import Card
from segue_core.recommend.collected_tracks import CollectedTracks
from segue_core.recommend.track_table import Placed
from segue_core.similarity.aspects import ASPECTS
from support.synthetic_model import assemble, train_model
from support.synthetic_tracks import synthetic_tracks

WIDTH = 11


def card(track_id: str, artist: str | None = None) -> Card:
    return Card(track_id, f"Title {track_id}", artist, None, ("Folk",), 1999.0, 120.0, 60.0, audio=len(track_id))


@given(
    st.lists(st.text(min_size=1), unique=True, min_size=1, max_size=40),
    st.integers(1, 9),
    st.sets(st.integers(0, 39)),
)
def test_columns_and_vectors_stay_together(ids: list[str], block: int, without: set[int]) -> None:
    collected = CollectedTracks(WIDTH)
    for start in range(0, len(ids), block):
        numbers = np.arange(start, min(start + block, len(ids)), dtype=np.float32)[:, None]
        cards = [card(one, f"Artist {one}") for one in ids[start : start + block]]
        collected.add(cards, numbers + np.zeros(WIDTH), -numbers + np.zeros(len(ASPECTS)))
    collected.replace([0], np.full((1, WIDTH), 77.0), np.full((1, len(ASPECTS)), 78.0))
    dropped = {place for place in without if place < len(ids)}
    ordered = collected.ordered(dropped)
    kept = sorted(set(ids) - {ids[place] for place in dropped})
    numbers = [77.0 if (place := ids.index(one)) == 0 else float(place) for one in kept]
    assert ordered.vectors.shape == (len(kept), WIDTH)
    assert ordered.vectors[:, -1].tolist() == numbers
    assert ordered.aspects[:, 0].tolist() == [78.0 if number == 77.0 else -number for number in numbers]
    count = len(kept)
    table = ordered.table(Placed(np.zeros(count, dtype=np.intp), np.ones(count, dtype=np.bool_), np.ones(count)))
    assert repr(list(table.cards)) == repr([card(one, f"Artist {one}") for one in kept])
    assert [table.row_of[one] for one in kept] == list(range(count))


def test_one_id_cannot_be_two_tracks() -> None:
    collected = CollectedTracks(WIDTH)
    collected.add([card("a"), card("b"), card("a")], np.zeros((3, WIDTH)), np.zeros((3, len(ASPECTS))))
    with pytest.raises(ValueError, match="unique"):
        collected.ordered()


def test_the_order_in_which_the_database_answers_does_not_matter() -> None:
    records = list(synthetic_tracks("fma", 300))
    model, assignments = train_model(records, k=6)
    sorted_, shuffled = assemble(model, assignments, records), assemble(model, assignments[::-1], records[::-1])
    assert repr(list(shuffled.tracks.cards)) == repr(list(sorted_.tracks.cards))  # NaN equals nothing
    assert shuffled.similar("000007", limit=50) == sorted_.similar("000007", limit=50)


def test_a_track_whose_features_fit_no_longer_and_whose_vector_is_lost_is_left_out() -> None:
    records = list(synthetic_tracks("fma", 60))
    model, assignments = train_model(records, k=3)
    records[7] = msgspec.structs.replace(records[7], recipe="recipe-2")
    found = assemble(model, assignments, records)
    assert (found.tracks.count, "000007" in found.absent) == (59, True)
    assert [found.tracks.row_of[record.track_id] for record in records if record.track_id != "000007"] == list(
        range(59)
    )
