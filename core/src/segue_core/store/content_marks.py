"""Marks of a catalogue's content: as long as they are the same, so is everything that a recommender is loaded from.

Whoever writes tracks, presence or rejections leaves a new mark in the same transaction. Writers that may work at the
same time have a document each, so that they do not wait for each other. What is immutable, such as models and
assignments, needs no mark.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from typing import TypeVar

from pymongo.client_session import ClientSession

from segue_core.store.database import Collection, Database

ResultT = TypeVar("ResultT")


def mark_content(target: Database, catalogue: str, writer: str, session: ClientSession) -> None:
    """Leave a new mark for a catalogue, in the transaction that changes it.

    Parameters
    ----------
    writer
        Who writes; two that write at the same time should have two names.
    """
    mark = {"$set": {"catalogue": catalogue, "mark": uuid.uuid4().hex}}
    target[Collection.CONTENT_MARKS].update_one({"_id": f"{catalogue}:{writer}"}, mark, upsert=True, session=session)


def change_content(
    target: Database, catalogue: str, writer: str, change: Callable[[ClientSession], ResultT]
) -> ResultT:
    """Change a catalogue's content and leave a mark, in one transaction; see `mark_content`."""

    def both(session: ClientSession) -> ResultT:
        result = change(session)
        mark_content(target, catalogue, writer, session)
        return result

    with target.client.start_session() as session:
        return session.with_transaction(both, write_concern=target.write_concern)


def content_fingerprint(target: Database, catalogue: str) -> str | None:
    """A digest of a catalogue's marks. Read it before the content: what comes in between has another one.

    None for a catalogue without marks: programs from before there were marks have stored it, and may change it.
    """
    found = target[Collection.CONTENT_MARKS].find({"_id": {"$gte": f"{catalogue}:", "$lt": f"{catalogue};"}})
    marks = sorted((str(document["_id"]), str(document.get("mark"))) for document in found)
    return hashlib.sha256(repr(marks).encode()).hexdigest() if marks else None
