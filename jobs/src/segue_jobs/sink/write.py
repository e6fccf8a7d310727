"""What the sink is about to store: one document a record."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from segue_jobs.runtime.mongodb import Collection
from segue_jobs.sink.position import Position


class Outcome(StrEnum):
    """What became of a record."""

    STORED = "stored"
    REPEATED = "repeated"
    """Stored before, or older than what is stored: nothing was written."""
    MALFORMED = "malformed"
    """Not what its topic carries: kept in ``rejected``."""
    REFUSED = "refused"
    """The database does not take the document: named in ``rejected``."""


@dataclass(frozen=True, slots=True)
class Write:
    """One document to store, already BSON, so that nothing can fail between here and the server."""

    collection: Collection
    id: str
    position: Position
    body: bytes
    outcome: Outcome = Outcome.STORED
