"""Events: their ids, and what is stored of them."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from bson.raw_bson import RawBSONDocument
from pymongo import DESCENDING
from pymongo.client_session import ClientSession

from segue_core.store.database import Collection, Database, Document, find_by_ids
from segue_core.store.records import EventRecord, event_key, to_document

_VARIANT = 0b10
_BATCH = 1000


def new_event_id(now: datetime) -> UUID:
    """A new id for an event: a UUIDv7 (RFC 9562), 48 bits of milliseconds and 74 random bits.

    Parameters
    ----------
    now
        The time, with a time zone.
    """
    milliseconds = int(now.timestamp() * 1000)
    return UUID(
        int=(milliseconds & (2**48 - 1)) << 80
        | 7 << 76
        | secrets.randbits(12) << 64
        | _VARIANT << 62
        | secrets.randbits(62)
    )


def event_document(event: EventRecord) -> Document:
    """What is stored of an event, without its position on Kafka: the fields that it has."""
    fields = {name: value for name, value in to_document(event).items() if value is not None}
    return {"_id": fields["id"], **fields}


def stored_listeners(target: Database, ids: Iterable[str], session: ClientSession) -> dict[str, str]:
    """Which of these events are stored: their ids -> the keys of their listeners."""
    found = find_by_ids(target[Collection.EVENTS], ids, ["catalogue", "user"], session)
    return {document["_id"]: event_key(document["catalogue"], document["user"]) for document in found}


def insert_events(target: Database, bodies: Sequence[bytes], session: ClientSession) -> None:
    """Store new events, each encoded as BSON."""
    if bodies:
        documents = [RawBSONDocument(body) for body in bodies]
        target[Collection.EVENTS].insert_many(documents, ordered=False, session=session)


def erase_events(target: Database, catalogue: str, user: str, session: ClientSession) -> None:
    """Delete all stored events of a listener, those that were rejected among them."""
    target[Collection.EVENTS].delete_many({"catalogue": catalogue, "user": user}, session=session)
    rejected = {"catalogue": catalogue, "$or": [{"key": event_key(catalogue, user)}, {"user": user}]}
    target[Collection.REJECTED].delete_many(rejected, session=session)


def read_events(target: Database, catalogue: str, user: str, *, limit: int, offset: int = 0) -> Iterator[EventRecord]:
    """A listener's stored events, the newest first; what cannot be read is passed over.

    Parameters
    ----------
    limit
        Events at most; 0 for all.
    offset
        Events to pass over.
    """
    found = target[Collection.EVENTS].find({"catalogue": catalogue, "user": user}, batch_size=_BATCH)
    for document in found.sort([("time", DESCENDING), ("_id", DESCENDING)]).skip(offset).limit(limit):
        with contextlib.suppress(msgspec.ValidationError):
            yield msgspec.convert(document, EventRecord)
