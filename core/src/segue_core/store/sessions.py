"""Sessions of people who have signed in with a key: random tokens, of which only a hash is stored.

A token is ``<id>.<secret>``: the id finds the session, the secret of 256 random bits proves it. A session ends with its
key, when its time is over, or when somebody signs out.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from segue_core.store.database import Collection, Database
from segue_core.store.keys import hash_token
from segue_core.store.records import Identifier, to_document

LIFETIME = timedelta(days=30)
_A_KEY = 100
"""Sessions that a key may have at a time; the oldest one ends for a new one."""
_TOKEN = re.compile(r"([0-9a-f]{24})\.[0-9a-f]{64}")


class SessionRecord(Struct, frozen=True, kw_only=True, rename="camel"):
    """A session, collection ``sessions``, ``_id`` = its id."""

    id: Identifier
    sha256: str
    """Hash of the token, hexadecimal."""
    key: Identifier
    """Id of the key that it was made with, and whose rights it has."""
    expires: Annotated[datetime, Meta(tz=True)]

    def opens_with(self, token: str) -> bool:
        """Whether this is the session's token, compared in constant time."""
        return hmac.compare_digest(self.sha256, hash_token(token))


@dataclass(frozen=True)
class NewSession:
    """A session that was just made: the only time its token is known."""

    record: SessionRecord
    token: str = field(repr=False)


def session_id(token: str) -> str | None:
    """Id in a token; None if it is not a session's."""
    found = _TOKEN.fullmatch(token)
    return found.group(1) if found else None


def new_session(key: str, now: datetime) -> NewSession:
    """Make a session of a key without storing it."""
    identifier = secrets.token_hex(12)
    token = f"{identifier}.{secrets.token_hex(32)}"
    expires = now.replace(microsecond=0) + LIFETIME
    return NewSession(SessionRecord(id=identifier, sha256=hash_token(token), key=key, expires=expires), token)


def create_session(target: Database, key: str, now: datetime) -> NewSession:
    """Make a session of a key, and delete those that are over."""
    made = new_session(key, now)
    sessions = target[Collection.SESSIONS]
    sessions.delete_many({"expires": {"$lt": now}})
    own = [found["_id"] for found in sessions.find({"key": key}, {"_id": 1}, sort=[("expires", -1)])]
    if len(own) >= _A_KEY:
        sessions.delete_many({"_id": {"$in": own[_A_KEY - 1 :]}})
    sessions.insert_one({"_id": made.record.id, **to_document(made.record)})
    return made


def read_session(target: Database, identifier: str) -> SessionRecord | None:
    """One session; None if there is none, or if its document is damaged."""
    document = target[Collection.SESSIONS].find_one({"_id": identifier})
    try:
        return None if document is None else msgspec.convert(document, SessionRecord)
    except msgspec.ValidationError:
        return None


def delete_session(target: Database, identifier: str) -> None:
    """End a session."""
    target[Collection.SESSIONS].delete_one({"_id": identifier})
