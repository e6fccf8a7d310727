"""Messages on the topics and documents in MongoDB: one definition for those who write and those who read.

Keys on every topic are ``<catalogue>:<track id>`` (see `track_key`), so one track's records stay in one partition
and in order. JSON carries camelCase names. Unknown fields are ignored: a newer producer may add some.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from segue_jobs.contract import EventType, Family, Reason, Stage

SCHEMA_VERSION = 1

Identifier = Annotated[str, Meta(min_length=1, max_length=512)]
Text = Annotated[str, Meta(max_length=2000)]


class Metadata(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What the catalogue says of a track."""

    title: Text | None = None
    artist: Text | None = None
    album: Text | None = None
    genres: tuple[Text, ...] = ()
    year: int | None = None
    duration_seconds: float | None = None
    """As claimed by the metadata, not measured."""


class Audio(Struct, frozen=True, kw_only=True, rename="camel"):
    """What was decoded."""

    duration_seconds: float
    sample_rate: int
    channels: int
    codec: str
    window_start_seconds: float
    window_seconds: float


class TrackRecord(Struct, frozen=True, kw_only=True, rename="camel", tag_field=None):
    """One analysed track: message on ``tracks``, document in ``tracks``."""

    catalogue: Identifier
    track_id: Identifier
    batch: str
    batch_uid: str
    shard: int
    recipe: str
    audio_sha256: str
    path: str
    audio: Audio
    families: dict[Family, tuple[float, ...]]
    """Family -> vector, in the order of `segue_jobs.features.LAYOUT`; not scaled."""
    descriptors: dict[str, float | str]
    """Raw values for filters and people (tempoBpm, key, mode, loudnessDb, ...); no part of the distance."""
    spectrogram: dict[str, tuple[float, ...]] = {}
    """Mel spectrogram statistics for display; no part of the distance."""
    metadata: Metadata = Metadata()
    schema_version: int = SCHEMA_VERSION


class RejectedRecord(Struct, frozen=True, kw_only=True, rename="camel"):
    """One track that could not be used: message on ``rejected``, document in ``rejected``."""

    catalogue: str
    track_id: str
    """The path, where no id could be told."""
    batch: str
    batch_uid: str
    shard: int
    stage: Stage
    reason: Reason
    path: str
    message: Text
    schema_version: int = SCHEMA_VERSION


class FeatureRecord(Struct, frozen=True, kw_only=True, rename="camel"):
    """One family of one track in one training snapshot: message on ``features.<family>``."""

    catalogue: str
    track_id: str
    snapshot: str
    """Uid of the training run that published it."""
    recipe: str
    vector: tuple[float, ...]
    schema_version: int = SCHEMA_VERSION


class EventRecord(Struct, frozen=True, kw_only=True, rename="camel"):
    """What one listener did with one track: message on ``events``, document in ``events``."""

    catalogue: Identifier
    user: Identifier
    track_id: Identifier
    type: EventType
    time: Annotated[datetime, Meta(tz=True)]
    schema_version: int = SCHEMA_VERSION


_encoder = msgspec.json.Encoder()


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, float):
        yield value
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from _numbers(getattr(value, name))
    elif isinstance(value, dict):
        for entry in value.values():
            yield from _numbers(entry)
    elif isinstance(value, tuple):
        for entry in value:
            yield from _numbers(entry)


def encode(record: Struct) -> bytes:
    """JSON of a record.

    Raises
    ------
    ValueError
        A number is NaN or infinite: JSON would silently turn it into null.
    """
    for name in record.__struct_fields__:
        if not all(map(math.isfinite, _numbers(getattr(record, name)))):
            raise ValueError(f"track {getattr(record, 'track_id', '')!r}: a number in {name!r} is not finite")
    return _encoder.encode(record)


def track_key(catalogue: str, track_id: str) -> str:
    """Kafka key and MongoDB ``_id`` of a track."""
    return f"{catalogue}:{track_id}"


def rejected_key(record: RejectedRecord) -> str:
    """MongoDB ``_id`` of a rejection: one a track and batch, so that a replay changes nothing."""
    return f"{record.batch_uid}:{record.track_id}"


def to_document(record: Struct) -> dict[str, Any]:
    """Plain camelCase dictionary of a record, ready for BSON: times stay times."""
    document: dict[str, Any] = msgspec.to_builtins(record, builtin_types=(datetime,))
    return document
