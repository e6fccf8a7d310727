"""A record of Kafka to the document that is stored for it; one that cannot be read becomes a rejection."""

from __future__ import annotations

from typing import Any

import bson
import msgspec
from bson.errors import BSONError
from msgspec import Struct

from segue_jobs.contract import Topic
from segue_jobs.features.layout import LAYOUT
from segue_jobs.records import (
    SCHEMA_VERSION,
    EventRecord,
    RejectedRecord,
    TrackRecord,
    rejected_key,
    to_document,
    track_key,
)
from segue_jobs.runtime.mongodb import Collection
from segue_jobs.sink.position import FIELD, Position
from segue_jobs.sink.rejection import UNREADABLE, malformed
from segue_jobs.sink.write import Write

TOPICS = (Topic.TRACKS, Topic.REJECTED, Topic.EVENTS)
"""What the sink consumes."""

_Record = TrackRecord | RejectedRecord | EventRecord


class _Version(Struct, rename="camel"):
    schema_version: Any = None


class _MalformedError(ValueError):
    """Why a record is not what its topic carries."""


_decoders: dict[Topic, msgspec.json.Decoder[Any]] = {
    Topic.TRACKS: msgspec.json.Decoder(TrackRecord),
    Topic.REJECTED: msgspec.json.Decoder(RejectedRecord),
    Topic.EVENTS: msgspec.json.Decoder(EventRecord),
}
_versions = msgspec.json.Decoder(_Version)


def transform(topic: Topic, position: Position, key: bytes | None, value: bytes | None) -> Write:
    """Document that stands for a record; never raises, whatever the bytes are.

    Parameters
    ----------
    topic
        One of `TOPICS`: which kind of record to expect.
    position, key, value
        The record.
    """
    try:
        record = _decode(topic, value)
        _check_key(record, key)
        if isinstance(record, TrackRecord):
            _check_vectors(record)
        collection, identifier = _target(record, position)
        body = _to_bson(identifier, record, position)
    except _MalformedError as error:
        return malformed(position, key, value, str(error))
    return Write(collection, identifier, position, body)


def _decode(topic: Topic, value: bytes | None) -> _Record:
    if value is None:
        raise _MalformedError("it is empty")
    try:
        record: _Record = _decoders[topic].decode(value)
    except UNREADABLE as error:
        raise _MalformedError(_unknown_version(value) or str(error) or type(error).__name__) from error
    if record.schema_version != SCHEMA_VERSION:
        raise _MalformedError(_version_problem(record.schema_version))
    return record


def _unknown_version(value: bytes) -> str | None:
    """The better explanation of a record that does not fit: it is of a version that this sink does not know."""
    try:
        version = _versions.decode(value).schema_version
    except UNREADABLE:
        return None
    return None if version in (None, SCHEMA_VERSION) else _version_problem(version)


def _version_problem(version: object) -> str:
    return f"schemaVersion {str(version)[:40]} is unknown here, where {SCHEMA_VERSION} is read; upgrade the sink"


def _check_key(record: _Record, key: bytes | None) -> None:
    expected = track_key(record.catalogue, record.track_id)
    if key != expected.encode():
        shown = None if key is None else key[:100]
        raise _MalformedError(f"its key is {shown!r}, not {expected[:100]!r}")


def _check_vectors(record: TrackRecord) -> None:
    for family, vector in record.families.items():
        if len(vector) != len(LAYOUT[family]):
            raise _MalformedError(f"its {family} vector has {len(vector)} numbers, not {len(LAYOUT[family])}")


def _target(record: _Record, position: Position) -> tuple[Collection, str]:
    if isinstance(record, TrackRecord):
        return Collection.TRACKS, track_key(record.catalogue, record.track_id)
    if isinstance(record, RejectedRecord):
        return Collection.REJECTED, rejected_key(record)
    return Collection.EVENTS, position.identifier


def _to_bson(identifier: str, record: _Record, position: Position) -> bytes:
    document = {"_id": identifier, **to_document(record), FIELD: position.to_document()}
    try:
        return bson.encode(document)
    except (BSONError, OverflowError, ValueError) as error:  # a whole number above 64 bits, a NUL in a name
        raise _MalformedError(f"it cannot be stored: {error}") from error
