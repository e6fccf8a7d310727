"""Profiles: what is stored of each listener besides the events themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec
from msgspec import Struct
from pymongo import ReplaceOne
from pymongo.client_session import ClientSession

from segue_core.contract import EventType
from segue_core.store.database import Collection, Database, Document, find_by_ids
from segue_core.store.position import FIELD, Position
from segue_core.store.records import StatedPreferences, event_key, to_document
from segue_core.store.unreadable import UnreadableDocumentError

PROFILE_SCHEMA_VERSION = 1


class Opinion(StrEnum):
    """What a listener last said about a track."""

    LIKE = "like"
    DISLIKE = "dislike"
    NONE = "none"
    """A like or dislike was taken back; kept, so that an older one that arrives late does not return."""


class TrackOpinion(Struct, frozen=True, array_like=True):
    """A listener's opinion of a track, and the event that it comes from."""

    track_id: str
    opinion: Opinion
    time_ms: int
    """Time of the event, in milliseconds since the epoch."""
    event: str
    """Id of the event."""


class TrackWeight(Struct, frozen=True, array_like=True):
    """A sum that decays: of a track's plays, or of its quick skips."""

    track_id: str
    weight: float
    """Its value at `time_ms`."""
    time_ms: int
    """Time of the newest event in it, in milliseconds since the epoch."""


class RecentEvent(Struct, frozen=True, array_like=True):
    """One of the events that arrived last."""

    event: str
    """Id of the event."""
    time_ms: int
    track_id: str | None
    counts_as: EventType | None
    """Type that it counts as, which for a play or skip depends on how long it lasted; None if it counts as nothing."""


class PreferencesEntry(Struct, frozen=True, kw_only=True, rename="camel"):
    """The preferences that count, and the event that stated them."""

    stated: StatedPreferences
    time_ms: int
    event: str


class Erasure(Struct, frozen=True, kw_only=True, rename="camel"):
    """All that is kept of an erased listener: no event up to this time is ever taken again."""

    time_ms: int
    event: str


class ProfileDocument(Struct, frozen=True, kw_only=True, rename="camel"):
    """A listener's profile, collection ``profiles``, ``_id`` = ``<catalogue>:<user>``."""

    catalogue: str
    user: str
    opinions: tuple[TrackOpinion, ...] = ()
    plays: tuple[TrackWeight, ...] = ()
    skips: tuple[TrackWeight, ...] = ()
    recent: tuple[RecentEvent, ...] = ()
    """In order of arrival, the newest last."""
    preferences: PreferencesEntry | None = None
    erasure: Erasure | None = None
    kafka: Position | None = None
    """The last event that the profile has seen: those up to there change nothing."""
    schema_version: int = PROFILE_SCHEMA_VERSION


def _of_document(document: Document) -> ProfileDocument:
    name = f"the profile {document['_id']!r}"
    version = document.get("schemaVersion")
    if version != PROFILE_SCHEMA_VERSION:
        raise UnreadableDocumentError(name, f"its schemaVersion is {version}, not {PROFILE_SCHEMA_VERSION}")
    try:
        return msgspec.convert(document, ProfileDocument)
    except msgspec.ValidationError as error:
        raise UnreadableDocumentError(name, str(error)) from error


def read_profile(target: Database, catalogue: str, user: str) -> ProfileDocument | None:
    """A listener's profile; None if there is none.

    Raises
    ------
    UnreadableDocumentError
        It is damaged, or of another schema version.
    """
    document = target[Collection.PROFILES].find_one({"_id": event_key(catalogue, user)})
    return None if document is None else _of_document(document)


def read_profiles(
    target: Database, keys: Iterable[str], session: ClientSession | None = None
) -> dict[str, ProfileDocument | UnreadableDocumentError]:
    """The profiles with these keys that exist, or why one cannot be read."""
    found: dict[str, ProfileDocument | UnreadableDocumentError] = {}
    for document in find_by_ids(target[Collection.PROFILES], keys, None, session):
        try:
            found[document["_id"]] = _of_document(document)
        except UnreadableDocumentError as error:
            found[document["_id"]] = error
    return found


@dataclass(frozen=True)
class ProfileChange:
    """A profile to write."""

    before: ProfileDocument | UnreadableDocumentError | None
    """What this transaction has read; None if there was none."""
    after: ProfileDocument


def write_profiles(target: Database, changes: Sequence[ProfileChange], session: ClientSession) -> bool:
    """Write profiles; return False if another program has changed one of them since it was read."""
    created = [_to_document(change.after) for change in changes if change.before is None]
    replaced = [change for change in changes if change.before is not None]
    if created:
        target[Collection.PROFILES].insert_many(created, ordered=False, session=session)
    if not replaced:
        return True
    requests = [ReplaceOne(_unchanged(change), _to_document(change.after)) for change in replaced]
    written = target[Collection.PROFILES].bulk_write(requests, ordered=False, session=session)
    return written.matched_count == len(replaced)


def _to_document(profile: ProfileDocument) -> Document:
    return {"_id": event_key(profile.catalogue, profile.user), **to_document(profile)}


def _unchanged(change: ProfileChange) -> Document:
    """Filter for a profile that has seen no other event than when it was read."""
    query: Document = {"_id": event_key(change.after.catalogue, change.after.user)}
    if isinstance(change.before, ProfileDocument) and (seen := change.before.kafka) is not None:
        query |= {f"{FIELD}.{name}": value for name, value in seen.to_document().items()}
    return query
