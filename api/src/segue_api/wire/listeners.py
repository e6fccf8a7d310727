"""Events, and what is known of a listener."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from segue_api.wire.common import PRINTABLE, CatalogueParameter, FilterParameters, Limit, Names, Offset
from segue_api.wire.tracks import HitList, Reference
from segue_core.contract import EventType
from segue_core.store.records import EventContext, StatedPreferences

MAXIMUM_EVENTS = 1000
User = Annotated[str, Meta(min_length=1, max_length=128, pattern=PRINTABLE)]


class UserParameters(CatalogueParameter, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One listener."""

    user: User


class HistoryParameters(UserParameters, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which page of a listener's history."""

    limit: Limit = 50
    offset: Offset = 0


class TopParameters(UserParameters, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """How many of a listener's favourites."""

    limit: Limit = 20


class RecommendationParameters(FilterParameters, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What a listener wants to hear next."""

    user: User
    limit: Limit = 20
    artist_cap: Annotated[int, Meta(ge=1, le=500)] = 2
    exclude: Names = ()
    """Ids that must not be in the list; repeatable."""
    queue: Names = ()
    """Ids that will be played next; neither they nor near-duplicates of them are in the list. Repeatable."""


class MixParameters(UserParameters, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which mixes."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 25
    """Tracks of each mix."""


class EventEntry(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What a listener did, as a client sends it."""

    type: EventType
    user: str | None = None
    """By default the listener that the key belongs to."""
    track_id: str | None = None
    id: str | None = None
    """UUIDv7; by default the service makes one. Give your own to make a repeated request safe."""
    time: datetime | None = None
    """With a zone; by default now."""
    position_ms: int | None = None
    duration_ms: int | None = None
    client: str | None = None
    context: EventContext | None = None


class EventBatch(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Events of one catalogue, in the order in which they happened."""

    events: Annotated[tuple[EventEntry, ...], Meta(min_length=1, max_length=MAXIMUM_EVENTS)]


class RawEventBatch(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """An `EventBatch` whose events are not decoded yet, so that one bad event does not spoil the others."""

    events: Annotated[list[msgspec.Raw], Meta(min_length=1, max_length=MAXIMUM_EVENTS)]


class EventFault(Struct, frozen=True, kw_only=True, rename="camel"):
    """An event that was not taken."""

    index: int
    """Its place in the batch, from 0."""
    faults: tuple[str, ...]
    """What is wrong with it."""


class EventsTaken(Struct, frozen=True, kw_only=True, rename="camel"):
    """Which events were taken; they are on the broker, acknowledged by all replicas."""

    catalogue: str
    taken: tuple[str, ...]
    """Ids of the events that were taken, in the order of the batch."""
    refused: tuple[EventFault, ...]


class WeightedTrack(Struct, frozen=True, kw_only=True, rename="camel"):
    """A track and how much it weighs."""

    track: Reference
    weight: float


class ProfileAnswer(Struct, frozen=True, kw_only=True, rename="camel"):
    """All that is stored of a listener."""

    catalogue: str
    user: str
    profile: dict[str, Any]
    """The profile as it is stored."""
    events: tuple[dict[str, Any], ...]
    """Every stored event, newest first."""


class Erased(Struct, frozen=True, kw_only=True, rename="camel"):
    """The erasure was taken; it reaches every copy within seconds."""

    catalogue: str
    user: str
    event: str
    """Id of the event that erases."""


class PreferencesAnswer(Struct, frozen=True, kw_only=True, rename="camel"):
    """What a listener has stated about their taste."""

    catalogue: str
    user: str
    preferences: StatedPreferences


class TopAnswer(Struct, frozen=True, kw_only=True, rename="camel"):
    """A listener's favourites: likes and plays, the weightiest first."""

    catalogue: str
    user: str
    tracks: tuple[WeightedTrack, ...]
    artists: tuple[tuple[str, float], ...]
    """Names and weights."""


class HistoryEntry(Struct, frozen=True, kw_only=True, rename="camel"):
    """One event of a listener."""

    id: str
    type: EventType
    time: datetime
    track: Reference | None
    position_ms: int | None
    duration_ms: int | None


class HistoryAnswer(Struct, frozen=True, kw_only=True, rename="camel"):
    """A listener's stored events, newest first."""

    catalogue: str
    user: str
    events: tuple[HistoryEntry, ...]


class SessionBody(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Everything that counts for one list; nothing of it is stored."""

    likes: Names = ()
    dislikes: Names = ()
    session: Names = ()
    """Ids of the tracks that were just played, newest first."""
    preferences: StatedPreferences = StatedPreferences()
    exclude: Names = ()
    queue: Names = ()
    limit: Limit = 20
    artist_cap: Annotated[int, Meta(ge=1, le=500)] = 2


class Mix(Struct, frozen=True, kw_only=True, rename="camel"):
    """A list with a name."""

    name: str
    list: HitList


class MixesAnswer(Struct, frozen=True, kw_only=True, rename="camel"):
    """A listener's mixes of today."""

    catalogue: str
    user: str
    date: str
    """The day that they are for, UTC; the same day gives the same mixes as long as the taste stays."""
    mixes: tuple[Mix, ...]
