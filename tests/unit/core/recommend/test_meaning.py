"""What a person means by a text."""

from __future__ import annotations

from functools import cache

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_core.recommend.meaning import readings
from segue_core.recommend.track_table import Tracks
from segue_core.store.records import Metadata, TrackRecord
from support.synthetic_model import assemble, train_model
from support.synthetic_tracks import synthetic_tracks

NAMES = [
    ("Bach/01 - Air", Metadata(title="Air", artist="J. S. Bach", album="Suites")),
    ("Bach/02 - Air", Metadata(title="Air", artist="Johann Bach", album="Suites")),
    ("Metallica/One", Metadata(title="One", artist="Metallica", album="Metallica")),
    ("Metallica/Two", Metadata(title="Battery", artist="METALLICA", album="Metallica")),
    (
        "Nina/a\N{IDEOGRAPHIC SPACE}b",
        Metadata(title="Feeling\N{NO-BREAK SPACE}Good", artist="Nina Simone", album="Blue"),
    ),
    ("Queen/Blue", Metadata(title="Blue Monday", artist="Queen", album="Greatest Hits")),
    ("untagged/Some song", Metadata()),
]


@cache
def tracks() -> Tracks:
    records = list(synthetic_tracks("c", 40))
    named = [renamed(record, *NAMES[row]) if row < len(NAMES) else record for row, record in enumerate(records)]
    named.sort(key=lambda record: record.track_id)
    return assemble(*train_model(named, k=2), named).tracks


def renamed(record: TrackRecord, track_id: str, metadata: Metadata) -> TrackRecord:
    return msgspec.structs.replace(record, track_id=track_id, metadata=metadata, path=f"{track_id}.mp3")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Bach/01 - Air", ["Bach/01 - Air"]),
        ("Nina/a b", ["Nina/a\N{IDEOGRAPHIC SPACE}b"]),
        (r"Nina/a\u3000b", ["Nina/a\N{IDEOGRAPHIC SPACE}b"]),
        ("feeling good", ["Nina/a\N{IDEOGRAPHIC SPACE}b"]),
        ("Nina Simone - Feeling Good", ["Nina/a\N{IDEOGRAPHIC SPACE}b"]),
        ("Feeling Good \N{EM DASH} Nina Simone", ["Nina/a\N{IDEOGRAPHIC SPACE}b"]),
        ("nina simone", ["Nina/a\N{IDEOGRAPHIC SPACE}b"]),
        ("blue", ["Nina/a\N{IDEOGRAPHIC SPACE}b"]),
        ("album:Suites", ["Bach/01 - Air", "Bach/02 - Air"]),
        ("metallica", ["Metallica/One", "Metallica/Two"]),
        ("Monday", ["Queen/Blue"]),
        ("some song", ["untagged/Some song"]),
    ],
)
def test_one_meaning_is_an_answer(text: str, meant: list[str]) -> None:
    (reading,) = readings(tracks(), text)
    assert sorted(reading.track_ids) == meant


def test_several_meanings_are_candidates_with_what_to_type() -> None:
    found = readings(tracks(), "Air")
    assert [reading.name for reading in found] == ["Air - J. S. Bach", "Air - Johann Bach"]
    for reading in found:
        assert readings(tracks(), reading.typed) == (
            reading.__class__(reading.typed, reading.typed, reading.track_ids),
        )


@pytest.mark.parametrize(
    "text", ["", " ", "Ai", "artist:", "album:Air", "artist:Monday", "nobody at all", ":", "x" * 5000]
)
def test_nothing_is_guessed(text: str) -> None:
    assert readings(tracks(), text) == ()


def test_a_known_id_that_is_not_in_the_model_is_itself() -> None:
    (reading,) = readings(tracks(), "gone", absent={"gone"})
    assert reading.track_ids == ("gone",)


@given(st.text() | st.sampled_from([*(one for one, _ in NAMES), "artist:METALLICA", "album:metallica"]))
def test_whatever_is_typed_means_tracks_of_the_catalogue(text: str) -> None:
    found = readings(tracks(), text)
    assert all(reading.track_ids and set(reading.track_ids) <= set(tracks().row_of) for reading in found)
    assert len({reading.track_ids for reading in found}) == len(found)
