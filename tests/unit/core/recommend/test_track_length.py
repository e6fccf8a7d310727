"""How long a track is, and who says so."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_core.recommend.filters import Drop, Filters, Range
from segue_core.recommend.track_length import LengthSource, track_length
from support.detailed_catalogue import built, records, track_of

seconds = st.floats(0.1, 100_000)


@pytest.mark.parametrize(
    ("measured", "stated", "length", "source"),
    [
        (30.0, 215.0, 215.0, LengthSource.METADATA),
        (30.0, None, 30.0, LengthSource.FILE),
        (30.0, 12.0, 30.0, LengthSource.FILE),  # no clip is longer than its track
        (30.0, 31.0, 30.0, LengthSource.FILE),
        (240.0, 3000.0, 240.0, LengthSource.FILE),  # the CSV is about another recording
    ],
)
def test_metadata_is_believed_of_a_clip(
    measured: float, stated: float | None, length: float, source: LengthSource
) -> None:
    assert track_length(measured, stated) == (length, source)


@given(seconds, st.none() | seconds)
def test_a_track_is_never_shorter_than_its_file(measured: float, stated: float | None) -> None:
    length, source = track_length(measured, stated)
    assert length >= measured
    assert (length == measured) == (source is LengthSource.FILE)


def test_a_filter_takes_the_length_of_the_track_and_the_answer_says_where_it_is_from() -> None:
    clips = [
        msgspec.structs.replace(
            record,
            audio=msgspec.structs.replace(record.audio, duration_seconds=30.0),
            metadata=msgspec.structs.replace(
                record.metadata, duration_seconds=None if int(record.track_id) % 2 else 200.0 + int(record.track_id)
            ),
        )
        for record in records()
    ]
    recommender = built(clips)
    long = recommender.similar(track_of(0), limit=5, filters=Filters(duration_seconds=Range(210.0, 400.0)))
    assert all(hit.length_from is LengthSource.METADATA for hit in long.hits)
    assert all(hit.length_seconds == 200.0 + int(hit.track_id) for hit in long.hits)
    assert long.dropped[Drop.DURATION] > len(clips) // 2
    short = recommender.similar(track_of(0), limit=5, filters=Filters(duration_seconds=Range(None, 60.0)))
    assert {(hit.length_seconds, hit.length_from) for hit in short.hits} == {(30.0, LengthSource.FILE)}
