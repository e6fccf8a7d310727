"""Messages on the topics and documents in MongoDB: one definition for writers and readers.

Keys are ``<catalogue>:<track id>`` (see `track_key`), so all records of a track are in one partition, in order; on
``events`` they are ``<catalogue>:<user>`` (see `event_key`), so all events of a listener are. Names in JSON are
camelCase. Readers ignore unknown fields: a newer producer may add some.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from segue_core.contract import EventType, Family, Reason, Stage
from segue_core.store.facts import MAXIMUM_NAMES, Count, FileFacts, Isrc, MusicBrainzIds, SortNames

SCHEMA_VERSION = 1

Identifier = Annotated[str, Meta(min_length=1, max_length=512)]
Text = Annotated[str, Meta(max_length=2000)]


class Metadata(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What the catalogue says about a track."""

    title: Text | None = None
    artist: Text | None = None
    album: Text | None = None
    genres: tuple[Text, ...] = ()
    year: int | None = None
    duration_seconds: float | None = None
    """According to a CSV, not measured."""
    album_artist: Text | None = None
    disc_number: Count | None = None
    track_number: Count | None = None
    sort: SortNames = SortNames()
    music_brainz: MusicBrainzIds = MusicBrainzIds()
    isrcs: Annotated[tuple[Isrc, ...], Meta(max_length=MAXIMUM_NAMES)] = ()


class Audio(Struct, frozen=True, kw_only=True, rename="camel"):
    """What was decoded."""

    duration_seconds: float
    sample_rate: int
    channels: int
    codec: str
    window_start_seconds: float
    window_seconds: float


class Claim(Struct, frozen=True, kw_only=True, rename="camel"):
    """How a record came to its id; the sink writes it only over what the claim has seen."""

    listed_id: Identifier
    """The id that the listing suggests; a rejection of the record is accounted for under it."""
    seen_audio_sha256: str | None = None
    """Audio that was stored under the id when it was given; None if nothing was."""
    seen_path: str | None = None


class Alternative(Struct, frozen=True, kw_only=True, rename="camel"):
    """Another file of a track, which was not taken."""

    path: str
    message: Text
    """Why it was not taken."""


class EarNote(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Which network heard the learned features."""

    name: Text
    licence: Text = ""
    trained_on: Text = ""


class TrackRecord(Struct, frozen=True, kw_only=True, rename="camel", tag_field=None):
    """An analysed track: message on ``tracks``, document in ``tracks``."""

    catalogue: Identifier
    track_id: Identifier
    batch: str
    batch_uid: str
    shard: int
    recipe: str
    audio_sha256: str
    source: str = ""
    """Name of the source that owns the id (see `segue_core.identity.rules`); empty from programs that knew none."""
    path: str
    """Where that source has the file, relative to its audio folder, as text on one line."""
    file: FileFacts | None = None
    """The same file, so that it can be opened again; None from programs that did not record it."""
    added: Annotated[datetime, Meta(tz=True)] | None = None
    """When the track was first extracted."""
    claim: Claim | None = None
    audio: Audio
    families: dict[Family, tuple[float, ...]]
    """Family -> vector, in the order of `segue_core.features.recipes.dimension_names`; not scaled."""
    words: dict[str, float] = {}
    """What a network says of the track: tag -> probability; empty without learned features."""
    ear: EarNote | None = None
    """The network of the learned features."""
    descriptors: dict[str, float | str]
    """Raw values for filters and people (tempoBpm, key, mode, loudnessDb, ...); they do not affect the distance."""
    spectrogram: dict[str, tuple[float, ...]] = {}
    """Mel spectrogram statistics for display; they do not affect the distance."""
    metadata: Metadata = Metadata()
    alternatives: tuple[Alternative, ...] = ()
    schema_version: int = SCHEMA_VERSION


class RejectedRecord(Struct, frozen=True, kw_only=True, rename="camel"):
    """A track that could not be used: message on ``rejected``, document in ``rejected``."""

    catalogue: str
    track_id: str
    """The path, if no id could be determined."""
    batch: str
    batch_uid: str
    shard: int
    stage: Stage
    reason: Reason
    path: str
    message: Text
    schema_version: int = SCHEMA_VERSION


class FeatureRecord(Struct, frozen=True, kw_only=True, rename="camel"):
    """One family of a track in a training snapshot: message on ``features.<family>``."""

    catalogue: str
    track_id: str
    snapshot: str
    """Uid of the training run that published it."""
    recipe: str
    vector: tuple[float, ...]
    schema_version: int = SCHEMA_VERSION


class StatedRange(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """From ``low`` to ``high``, both inclusive; None leaves an end open."""

    low: float | None = None
    high: float | None = None


class StatedExclusions(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What a listener never wants to be offered."""

    tracks: tuple[str, ...] = ()
    artists: tuple[str, ...] = ()
    albums: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()


class StatedPreferences(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What a listener says about their taste."""

    genres: tuple[str, ...] = ()
    artists: tuple[str, ...] = ()
    tempo_bpm: StatedRange | None = None
    year: StatedRange | None = None
    loudness_db: StatedRange | None = None
    """Energy, as integrated loudness."""
    excluded: StatedExclusions = StatedExclusions()


class EventContext(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The recommendation that an event answers, so that lists can be judged later."""

    model: str | None = None
    """Key of the model, ``<catalogue>:<number>``."""
    list: str | None = None
    """Id of the list, as the service gave it out."""
    seed: str | None = None
    """Id of the track that the hit resembles."""
    rank: int | None = None
    """Place in the list, from 1."""
    score: float | None = None


class EventRecord(Struct, frozen=True, kw_only=True, rename="camel"):
    """What a listener did: message on ``events``, document in ``events``.

    The types say what can be decoded; `segue_core.listeners.validation.find_faults` says what is valid.
    """

    id: UUID
    """UUIDv7, from the client or made by the service; ``_id`` in MongoDB, so a repeated request is no second event."""
    catalogue: str
    user: str
    type: EventType
    time: Annotated[datetime, Meta(tz=True)]
    track_id: str | None = None
    """Every type has it, except ``preferences`` and ``erase``."""
    position_ms: int | None = None
    """Of a play or a skip: how far into the track it ended."""
    duration_ms: int | None = None
    client: str | None = None
    """Program that sent the event."""
    context: EventContext | None = None
    preferences: StatedPreferences | None = None
    """Of ``preferences`` alone."""
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
        A number is not finite: it would silently become null in JSON.
    """
    for name in record.__struct_fields__:
        if not all(map(math.isfinite, _numbers(getattr(record, name)))):
            raise ValueError(f"track {getattr(record, 'track_id', '')!r}: a number in {name!r} is not finite")
    return _encoder.encode(record)


def track_key(catalogue: str, track_id: str) -> str:
    """Kafka key and MongoDB ``_id`` of a track."""
    return f"{catalogue}:{track_id}"


def event_key(catalogue: str, user: str) -> str:
    """Kafka key of a listener's events, and MongoDB ``_id`` of the profile; a catalogue's name has no colon."""
    return f"{catalogue}:{user}"


def rejected_key(record: RejectedRecord) -> str:
    """MongoDB ``_id`` of a rejection: one per track and batch, so that a replay changes nothing."""
    return f"{record.batch_uid}:{record.track_id}"


def to_document(record: Struct) -> dict[str, Any]:
    """The record as a camelCase dictionary, ready for BSON: times stay times."""
    document: dict[str, Any] = msgspec.to_builtins(record, builtin_types=(datetime,))
    return document
