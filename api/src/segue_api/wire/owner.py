"""What the owner of a catalogue wants to know."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from segue_api.wire.common import CatalogueParameter, Limit, Name, Offset
from segue_api.wire.tracks import Reference


class Batch(Struct, frozen=True, kw_only=True, rename="camel"):
    """What is stored of a batch."""

    name: str
    tracks: int
    rejected: dict[str, int]
    """Reason -> tracks."""
    updated: str | None
    """Time of its newest record; RFC 3339, UTC."""


class BatchList(Struct, frozen=True, kw_only=True, rename="camel"):
    """The batches of a catalogue, the newest first."""

    catalogue: str
    batches: tuple[Batch, ...]


class RejectedParameters(CatalogueParameter, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which rejections."""

    batch: Name | None = None
    reason: Name | None = None
    limit: Limit = 50
    offset: Offset = 0


class RejectedTrack(Struct, frozen=True, kw_only=True, rename="camel"):
    """A track that could not be used."""

    track_id: str
    batch: str
    stage: str
    reason: str
    path: str
    message: str
    mend: str
    """What its owner can do about it."""


class RejectedPage(Struct, frozen=True, kw_only=True, rename="camel"):
    """Tracks that could not be used, by reason and path."""

    catalogue: str
    total: int
    """All that were found, on all pages."""
    offset: int
    rejected: tuple[RejectedTrack, ...]


class ReachParameters(CatalogueParameter, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """How many tracks of each kind."""

    limit: Annotated[int, Meta(ge=1, le=500)] = 20


class Frequency(Struct, frozen=True, kw_only=True, rename="camel"):
    """A track and the lists that it is in."""

    track: Reference
    lists: int


class ReachAnswer(Struct, frozen=True, kw_only=True, rename="camel"):
    """Tracks that turn up in many lists of ten similar tracks, and tracks that turn up in none."""

    catalogue: str
    model: str
    lists: int
    """Lists that were made."""
    complete: bool
    """Whether every track was asked for its list; of a large catalogue, only some are."""
    hubs: tuple[Frequency, ...]
    """The most frequent first."""
    never: tuple[Reference, ...]
    """Tracks that are in none of the lists."""
    never_total: int


class ListenersAnswer(Struct, frozen=True, kw_only=True, rename="camel"):
    """How much listeners do."""

    catalogue: str
    listeners: int
    events: dict[str, int]
    """Type -> stored events."""
    served: float
    """Share of the catalogue's tracks that this replica has put into a list during the last day."""
