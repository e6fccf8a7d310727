"""What the sink is about to store: one document per record."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from segue_core.store.database import Collection
from segue_core.store.position import Position
from segue_core.store.records import Claim, EventRecord


class RecordOutcome(StrEnum):
    """What became of a record."""

    STORED = "stored"
    REPEATED = "repeated"
    """Stored already, or older than what is stored: nothing was written."""
    MALFORMED = "malformed"
    """It does not belong on its topic: kept in ``rejected``."""
    REFUSED = "refused"
    """The database refuses the document, or the profile is full: named in ``rejected``."""
    ERASED = "erased"
    """The listener was erased after it: nothing was written."""
    TAKEN = "taken"
    """Its id belongs to other music by now: named in ``rejected``."""


@dataclass(frozen=True, slots=True)
class Holder:
    """What a track's document binds its id to."""

    source: str
    path: str
    audio_sha256: str
    claim: Claim | None = None


@dataclass(frozen=True, slots=True)
class Write:
    """A document to store, already encoded as BSON, so that nothing can fail between here and the server."""

    collection: Collection
    id: str
    position: Position
    body: bytes
    outcome: RecordOutcome = RecordOutcome.STORED
    holder: Holder | None = None
    """For a track."""
    event: EventRecord | None = None
    """The event in the document, if it is one."""
    catalogue: str = ""
    """Empty if it is unknown."""
