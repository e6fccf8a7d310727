"""Every record becomes a document or a rejection, whatever its bytes."""

import base64
import json
from typing import Any

import bson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_core.contract import Reason, Stage, Topic
from segue_core.store.database import Collection
from segue_core.store.position import Position
from segue_core.store.records import RejectedRecord, encode
from segue_jobs.sink.rejection import KEPT_BYTES
from segue_jobs.sink.transform import TOPICS, transform
from segue_jobs.sink.write import RecordOutcome, Write
from support.tracks import key_of, track_record

AT = Position("segue.tracks", 2, 41, 1_700_000_000_000)
GOOD = track_record(7)
FAMILIES = json.loads(encode(GOOD))["families"]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


def _changed(**fields: Any) -> bytes:
    return json.dumps({**json.loads(encode(GOOD)), **fields}).encode()


def _message(write: Write) -> str:
    assert write.outcome is RecordOutcome.MALFORMED
    document = bson.decode(write.body)
    assert document["reason"] == Reason.MALFORMED_RECORD
    assert document["_id"] == write.id == f"sink:{AT.identifier}"
    return str(document["message"])


@given(st.sampled_from(TOPICS), st.none() | st.binary(max_size=60), st.none() | st.binary(max_size=200))
def test_any_bytes_become_a_rejection_that_keeps_them(topic: Topic, key: bytes | None, value: bytes | None) -> None:
    write = transform(topic, AT, key, value)
    document = bson.decode(write.body)
    assert write.outcome is RecordOutcome.MALFORMED
    assert write.collection is Collection.REJECTED
    assert base64.b64decode(document["original"]) == (value or b"")
    assert document["stage"] == Stage.SINK
    assert document["trackId"]


@given(st.integers(0, len(encode(GOOD))), st.binary(min_size=1, max_size=4), st.booleans())
def test_a_track_with_any_bytes_in_it_is_stored_or_rejected(place: int, strange: bytes, instead: bool) -> None:
    good = encode(GOOD)
    value = good[:place] + strange + good[place + len(strange) * instead :]
    for topic in TOPICS:
        assert bson.decode(transform(topic, AT, key_of(GOOD), value).body)["kafka"] == AT.to_document()


@given(st.sampled_from(sorted(json.loads(encode(GOOD)))), json_values)
def test_a_track_with_any_field_changed_is_stored_or_rejected(field: str, value: Any) -> None:
    write = transform(Topic.TRACKS, AT, key_of(GOOD), _changed(**{field: value}))
    document = bson.decode(write.body)
    assert write.id == document["_id"]
    assert (write.collection is Collection.TRACKS) == (write.outcome is RecordOutcome.STORED)
    assert document["kafka"] == AT.to_document()


def test_a_track_is_stored_under_its_key_with_its_position() -> None:
    write = transform(Topic.TRACKS, AT, key_of(GOOD), encode(GOOD))
    document = bson.decode(write.body)
    assert (write.outcome, write.collection, write.id) == (RecordOutcome.STORED, Collection.TRACKS, "fma:7")
    assert document.pop("kafka") == {"topic": "segue.tracks", "partition": 2, "offset": 41, "timestamp": AT.timestamp}
    assert document.pop("_id") == "fma:7"
    assert document == {**json.loads(encode(GOOD)), "source": f"batch:{GOOD.batch}"}


def test_a_record_that_names_its_source_keeps_it() -> None:
    """One that does not is from before sources had names: it belongs to its batch, which finds it by that name."""
    write = transform(Topic.TRACKS, AT, key_of(GOOD), _changed(source="vinyl"))
    assert bson.decode(write.body)["source"] == "vinyl"
    assert write.holder is not None
    assert write.holder.source == "vinyl"


def test_a_newer_producer_may_add_fields() -> None:
    assert transform(Topic.TRACKS, AT, key_of(GOOD), _changed(mood="calm")).outcome is RecordOutcome.STORED


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (b'{"catalogue":', "truncated"),
        (_changed(schemaVersion=2), "schemaVersion 2 is not supported, only 1; upgrade the sink"),
        (b'{"schemaVersion":9,"all":"new"}', "schemaVersion 9 is not supported"),
        (_changed(recipe=None), "recipe"),
        (_changed(families={"rhythm": [1, 2, None, 4, 5, 6]}), "families"),
        (_changed(families={**FAMILIES, "rhythm": [1, 2, 3]}), "it has 3 rhythm features instead of 6"),
        (_changed(families={name: vector for name, vector in FAMILIES.items() if name != "harmony"}), "no harmony"),
        (_changed(families={}), "it has no timbre features"),
        (_changed(families={**FAMILIES, "rhythm": [1e300, 2, 3, 4, 5, 6]}), "rhythm.tempo_cos is 1e+300"),
        (_changed(families={**FAMILIES, "rhythm": [0, 2, 3, 4, 5, -1e7]}), "is -1e+07, which no audio gives"),
        (encode(GOOD).replace(b'"families":{"timbre":[', b'"families":{"timbre":[NaN,'), "malformed"),
        (_changed(families={"melody": [1]}), "melody"),
        (_changed(trackId="8"), "its key is b'fma:7', not 'fma:8'"),
        (_changed(shard=2**64), "it cannot be stored"),
        (_changed(descriptors={"a\0b": 1}), "it cannot be stored"),
        (b"[" * 100_000, "array"),
        (encode(GOOD).replace(b'"one"', b'"\xffne"'), "utf-8"),
        (b'{"path":"\xe9t\xe9.mp3"}', "utf-8"),
    ],
)
def test_the_message_says_what_is_wrong(value: bytes, problem: str) -> None:
    assert problem in _message(transform(Topic.TRACKS, AT, b"fma:7", value))


def test_a_rejection_names_the_track_and_batch_that_the_record_claims() -> None:
    write = transform(Topic.TRACKS, AT, b"fma:7", _changed(recipe=5))
    document = bson.decode(write.body)
    assert [document[name] for name in ("catalogue", "trackId", "batch", "batchUid", "shard")] == [
        "fma", "7", "one", "uid-one", 3,
    ]  # fmt: skip


def test_the_beginning_of_a_long_record_is_kept() -> None:
    document = bson.decode(transform(Topic.EVENTS, AT, b"k", b"x" * 10 * KEPT_BYTES).body)
    assert base64.b64decode(document["original"]) == b"x" * KEPT_BYTES
    assert document["originalBytes"] == 10 * KEPT_BYTES


def test_a_rejection_is_stored_once_per_track_and_batch() -> None:
    record = RejectedRecord(
        catalogue="fma", track_id="7", batch="one", batch_uid="u1", shard=0, stage=Stage.JOIN, reason=Reason.NO_AUDIO,
        path="", message="",
    )  # fmt: skip
    write = transform(Topic.REJECTED, AT, b"fma:7", encode(record))
    assert (write.outcome, write.id) == (RecordOutcome.STORED, "u1:7")
