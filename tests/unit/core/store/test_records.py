"""Records survive a round trip through JSON; values that JSON cannot represent are refused before they are sent."""

import math
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_core.contract import ANALYSED_FAMILIES, EventType, Family, Reason, Stage
from segue_core.store.records import (
    Audio,
    EventContext,
    EventRecord,
    Metadata,
    RejectedRecord,
    StatedPreferences,
    StatedRange,
    TrackRecord,
    encode,
    event_key,
    rejected_key,
    to_document,
    track_key,
)
from support.tracks import track_record

numbers = st.floats(allow_nan=False, allow_infinity=False)
text = st.text(max_size=30)
identifiers = st.text(min_size=1, max_size=30)

metadata = st.builds(
    Metadata,
    title=st.none() | text,
    artist=st.none() | text,
    genres=st.lists(text, max_size=3).map(tuple),
    year=st.none() | st.integers(0, 3000),
    duration_seconds=st.none() | numbers,
)
audio = st.builds(
    Audio,
    duration_seconds=numbers,
    sample_rate=st.integers(1, 192_000),
    channels=st.integers(1, 8),
    codec=text,
    window_start_seconds=numbers,
    window_seconds=numbers,
)
tracks = st.builds(
    TrackRecord,
    catalogue=identifiers,
    track_id=identifiers,
    batch=text,
    batch_uid=text,
    shard=st.integers(0, 100),
    recipe=text,
    audio_sha256=text,
    path=text,
    audio=audio,
    families=st.dictionaries(st.sampled_from(ANALYSED_FAMILIES), st.lists(numbers, max_size=4).map(tuple)),
    descriptors=st.dictionaries(text, numbers | text, max_size=3),
    spectrogram=st.dictionaries(text, st.lists(numbers, max_size=4).map(tuple), max_size=2),
    metadata=metadata,
)
rejections = st.builds(
    RejectedRecord,
    catalogue=text,
    track_id=text,
    batch=text,
    batch_uid=text,
    shard=st.integers(0, 100),
    stage=st.sampled_from(list(Stage)),
    reason=st.sampled_from(list(Reason)),
    path=text,
    message=text,
)
events = st.builds(
    EventRecord,
    id=st.uuids(),
    catalogue=identifiers,
    user=identifiers,
    type=st.sampled_from(list(EventType)),
    time=st.datetimes(timezones=st.just(UTC)),
    track_id=st.none() | identifiers,
    context=st.none() | st.builds(EventContext, rank=st.none() | st.integers(1, 100), score=st.none() | numbers),
    preferences=st.none() | st.builds(StatedPreferences, year=st.none() | st.builds(StatedRange, low=numbers)),
)


@given(tracks | rejections | events)
def test_a_record_survives_its_json(record: msgspec.Struct) -> None:
    assert msgspec.json.decode(encode(record), type=type(record)) == record


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("field", ["families", "descriptors", "spectrogram", "audio", "metadata"])
def test_a_number_that_json_cannot_represent_is_refused_with_its_field(field: str, wrong: float) -> None:
    record = track_record(1)
    values: dict[str, Any] = {
        "families": {Family.RHYTHM: (1.0, wrong)},
        "descriptors": {"tempoBpm": wrong},
        "spectrogram": {"mean": (wrong,)},
        "audio": msgspec.structs.replace(record.audio, duration_seconds=wrong),
        "metadata": Metadata(duration_seconds=wrong),
    }
    with pytest.raises(ValueError, match=f"track '1': a number in '{field}' is not finite"):
        encode(msgspec.structs.replace(record, **{field: values[field]}))


def test_a_document_has_camel_case_names_and_real_times() -> None:
    time, identifier = datetime(2026, 1, 2, tzinfo=UTC), uuid4()
    event = EventRecord(id=identifier, catalogue="c", user="u", type=EventType.SKIP, time=time, track_id="t")
    document = {name: value for name, value in to_document(event).items() if value is not None}
    assert document == {
        "id": str(identifier), "catalogue": "c", "user": "u", "trackId": "t", "type": "skip", "time": time,
        "schemaVersion": 1,
    }  # fmt: skip


def test_an_event_needs_a_time_zone() -> None:
    event = {"id": str(uuid4()), "catalogue": "c", "user": "u", "trackId": "t", "type": "play"}
    with pytest.raises(msgspec.ValidationError, match="timezone"):
        msgspec.json.decode(msgspec.json.encode(event | {"time": "2026-01-02T00:00:00"}), type=EventRecord)


def test_keys() -> None:
    assert track_key("fma", "2") == "fma:2"
    assert event_key("fma", "ann: the second") == "fma:ann: the second"
    record = RejectedRecord(
        catalogue="c", track_id="t", batch="b", batch_uid="u", shard=0, stage=Stage.LIST, reason=Reason.BAD_NAME,
        path="", message="",
    )  # fmt: skip
    assert rejected_key(record) == "u:t"
