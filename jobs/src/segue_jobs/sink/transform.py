"""Turns a Kafka record into the document to store; an unreadable record becomes a rejection."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import bson
import msgspec
from bson.errors import BSONError
from msgspec import Struct

from segue_core.contract import SinkFeed, Topic
from segue_core.features.vectors import find_first_flaw
from segue_core.identity.catalogue import source_of_batch
from segue_core.listeners.validation import find_faults
from segue_core.store.database import Collection
from segue_core.store.events import event_document
from segue_core.store.position import FIELD, Position
from segue_core.store.records import (
    SCHEMA_VERSION,
    EventRecord,
    RejectedRecord,
    TrackRecord,
    event_key,
    rejected_key,
    to_document,
    track_key,
)
from segue_jobs.sink.holders import holder_of
from segue_jobs.sink.rejection import UNREADABLE, malformed
from segue_jobs.sink.write import Write

TOPICS = tuple(topic for feed in SinkFeed for topic in feed.topics)
"""The topics that sinks read."""

_Record = TrackRecord | RejectedRecord | EventRecord


class _Version(Struct, rename="camel"):
    schema_version: Any = None


class _MalformedError(ValueError):
    """Why a record does not belong on its topic."""


_decoders: dict[Topic, msgspec.json.Decoder[Any]] = {
    Topic.TRACKS: msgspec.json.Decoder(TrackRecord),
    Topic.REJECTED: msgspec.json.Decoder(RejectedRecord),
    Topic.EVENTS: msgspec.json.Decoder(EventRecord),
}
_versions = msgspec.json.Decoder(_Version)


def transform(topic: Topic, position: Position, key: bytes | None, value: bytes | None) -> Write:
    """The document for a record; never raises, whatever the bytes.

    Parameters
    ----------
    topic
        One of `TOPICS`, which determines the kind of record.
    position, key, value
        The record.
    """
    try:
        record = _decode(topic, value)
        _check_key(record, key)
        if isinstance(record, TrackRecord):
            _check_vectors(record)
            record = _with_source(record)
        elif isinstance(record, EventRecord):
            _check_event(record, position)
        collection, identifier = _target(record)
        body = _to_bson(identifier, record, position)
        holder = holder_of(record) if isinstance(record, TrackRecord) else None
    except _MalformedError as error:
        return malformed(topic, position, key, value, str(error))
    event = record if isinstance(record, EventRecord) else None
    return Write(collection, identifier, position, body, event=event, holder=holder, catalogue=record.catalogue)


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
    """A better explanation, if the record has a version that this sink does not know."""
    try:
        version = _versions.decode(value).schema_version
    except UNREADABLE:
        return None
    return None if version in (None, SCHEMA_VERSION) else _version_problem(version)


def _version_problem(version: object) -> str:
    return f"schemaVersion {str(version)[:40]} is not supported, only {SCHEMA_VERSION}; upgrade the sink"


def _check_key(record: _Record, key: bytes | None) -> None:
    if isinstance(record, EventRecord):
        expected = event_key(record.catalogue, record.user)
    else:
        expected = track_key(record.catalogue, record.track_id)
    if key != expected.encode():
        shown = None if key is None else key[:100]
        raise _MalformedError(f"its key is {shown!r}, not {expected[:100]!r}")


def _check_vectors(record: TrackRecord) -> None:
    if flaw := find_first_flaw(record.families, record.recipe):
        raise _MalformedError(flaw.message)


def _with_source(record: TrackRecord) -> TrackRecord:
    """A record from before sources had names belongs to its batch, as a document from that time does."""
    return record if record.source else msgspec.structs.replace(record, source=source_of_batch(record.batch))


def _check_event(record: EventRecord, position: Position) -> None:
    """By the time when the broker got it, so that a replay judges as the first reading did."""
    arrived = datetime.fromtimestamp(max(position.timestamp, 0) / 1000, UTC)
    if faults := find_faults(record, arrived):
        raise _MalformedError("; ".join(faults))


def _target(record: _Record) -> tuple[Collection, str]:
    if isinstance(record, TrackRecord):
        return Collection.TRACKS, track_key(record.catalogue, record.track_id)
    if isinstance(record, RejectedRecord):
        return Collection.REJECTED, rejected_key(record)
    return Collection.EVENTS, str(record.id)


def _to_bson(identifier: str, record: _Record, position: Position) -> bytes:
    fields = event_document(record) if isinstance(record, EventRecord) else to_document(record)
    document = {"_id": identifier, **fields, FIELD: position.to_document()}
    try:
        return bson.encode(document)
    except (BSONError, OverflowError, ValueError) as error:  # an integer of more than 64 bits, a NUL in a name
        raise _MalformedError(f"it cannot be stored: {error}") from error
