"""Keys of the service: random tokens, of which only a hash is stored.

A token is ``segue_<id>_<secret>``: the id finds the key, the secret of 256 random bits proves it. A token is shown
once, when it is made. Revoked keys stay in the list.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import msgspec
from msgspec import Struct

from segue_core.contract import Role
from segue_core.store.database import Collection, Database
from segue_core.store.models import now
from segue_core.store.records import Identifier, Text, to_document

SHARED_LISTENER = "me"
"""Who listens with a key that names nobody: all admins together. No listener's key may name it."""
_TOKEN = re.compile(r"segue_([0-9a-f]{12})_[0-9a-f]{64}")


def find_holder_fault(role: Role, user: str | None) -> str | None:
    """Why a key of this role cannot belong to this listener, or to none; None if it can."""
    if role is Role.LISTENER and user is None:
        return "a key of the role 'listener' names its listener"
    if role is Role.INGEST and user is not None:
        return "a key of the role 'ingest' names no listener"
    if role is Role.LISTENER and user == SHARED_LISTENER:
        return f"{SHARED_LISTENER!r} is the listener of all admins whose keys name none; give another name"
    return None


class KeyRecord(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A key, collection ``keys``, ``_id`` = its id; also one line of a file of keys."""

    id: Identifier
    sha256: str
    """Hash of the token, hexadecimal."""
    role: Role
    user: Identifier | None = None
    """The listener that the key belongs to; always for the role ``listener``, never for ``ingest``."""
    note: Text = ""
    """Who or what uses the key."""
    created: str
    """RFC 3339, UTC."""
    revoked: str | None = None
    """When it was revoked, RFC 3339, UTC."""

    def __post_init__(self) -> None:
        """Refuse a key whose role and listener do not go together."""
        fault = find_holder_fault(self.role, self.user)
        if fault is not None:
            raise ValueError(fault)

    def opens_with(self, token: str) -> bool:
        """Whether this is the key's token, compared in constant time; never for a revoked key."""
        return hmac.compare_digest(self.sha256, hash_token(token)) and self.revoked is None


@dataclass(frozen=True)
class NewKey:
    """A key that was just made: the only time its token is known."""

    record: KeyRecord
    token: str = field(repr=False)


def hash_token(token: str) -> str:
    """SHA-256 of a token, hexadecimal; a token has 256 random bits, so that the hash needs no salt."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def key_id(token: str) -> str | None:
    """Id in a token; None if it is not a token of Segue's."""
    found = _TOKEN.fullmatch(token)
    return found.group(1) if found else None


def new_key(role: Role, *, user: str | None = None, note: str = "") -> NewKey:
    """Make a key without storing it, for a file of keys.

    Raises
    ------
    ValueError
        Role and listener do not go together, see `find_holder_fault`.
    """
    identifier = secrets.token_hex(6)
    token = f"segue_{identifier}_{secrets.token_hex(32)}"
    record = KeyRecord(id=identifier, sha256=hash_token(token), role=role, user=user, note=note, created=now())
    return NewKey(record, token)


def create_key(target: Database, role: Role, *, user: str | None = None, note: str = "") -> NewKey:
    """Make a key and store its hash.

    Raises
    ------
    ValueError
        Role and listener do not go together, see `find_holder_fault`.
    """
    key = new_key(role, user=user, note=note)
    target[Collection.KEYS].insert_one({"_id": key.record.id, **to_document(key.record)})
    return key


def read_keys(target: Database, on_unreadable: Callable[[str, str], None]) -> Iterator[KeyRecord]:
    """All keys, oldest first, revoked ones among them.

    Parameters
    ----------
    on_unreadable
        Called with the id of each key whose document cannot be read, and the reason.
    """
    for document in target[Collection.KEYS].find(sort=[("created", 1), ("_id", 1)]):
        try:
            yield msgspec.convert(document, KeyRecord)
        except msgspec.ValidationError as error:
            on_unreadable(str(document["_id"]), str(error))


def revoke_key(target: Database, identifier: str) -> bool:
    """Revoke a key; return whether there is one. A key that was revoked before keeps its time."""
    keys = target[Collection.KEYS]
    keys.update_one({"_id": identifier, "revoked": None}, {"$set": {"revoked": now()}})
    return keys.find_one({"_id": identifier}, {"_id": 1}) is not None


def decode_key_file(content: bytes) -> tuple[KeyRecord, ...]:
    """Keys of a file: one JSON object a line, as ``segue keys create --offline`` prints them.

    Raises
    ------
    ValueError
        A line is not a key; the message names it.
    """
    keys = []
    for number, line in enumerate(content.splitlines(), 1):
        if line.strip():
            try:
                keys.append(msgspec.json.decode(line, type=KeyRecord))
            except msgspec.MsgspecError as error:
                raise ValueError(f"line {number} is not a key: {error}") from error
    return tuple(keys)
