"""Rejections made by the sink: of records that it cannot read, and of documents that the database refuses."""

from __future__ import annotations

import base64
from typing import Any

import bson
import msgspec
from msgspec import Struct

from segue_core.contract import Reason, Stage, Topic
from segue_core.contract.wording import shorten
from segue_core.store.database import Collection
from segue_core.store.position import FIELD, Position
from segue_core.store.records import RejectedRecord, to_document
from segue_jobs.sink.holders import Conflict
from segue_jobs.sink.write import RecordOutcome, Write

KEPT_BYTES = 16 * 1024
"""How much of an unreadable record is kept."""
_MESSAGE_CHARACTERS = 1500
_CLAIM_CHARACTERS = 512


class _Claim(Struct, rename="camel"):
    """What an unreadable record says about itself; used only to find the rejection again."""

    catalogue: Any = None
    track_id: Any = None
    user: Any = None
    batch: Any = None
    batch_uid: Any = None
    shard: Any = None
    path: Any = None


UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)
"""What msgspec raises if bytes are not the expected JSON."""
_claims = msgspec.json.Decoder(_Claim)


def _claim(value: bytes | None) -> _Claim:
    try:
        return _claims.decode(value or b"")
    except UNREADABLE:
        return _Claim()


def _text(value: object) -> str:
    return value[:_CLAIM_CHARACTERS] if isinstance(value, str) else ""


def _shard(value: object) -> int:
    return value if isinstance(value, int) and 0 <= value < 2**31 else 0


def _printable(data: bytes) -> str:
    return data[: 2 * _CLAIM_CHARACTERS].decode(errors="backslashreplace").replace("\0", "\\x00")


def malformed(topic: Topic, position: Position, key: bytes | None, value: bytes | None, problem: str) -> Write:
    """Rejection of a record that does not belong on its topic.

    Parameters
    ----------
    topic
        What the topic is for.
    position, key, value
        The record; catalogue, track and batch are read from it as far as possible, so that verification finds the
        rejection.
    problem
        Why it cannot be used.
    """
    claim, name = _claim(value), _printable(key or b"")
    catalogue, _, rest = name.partition(":")
    track_id = "" if topic is Topic.EVENTS else rest
    record = RejectedRecord(
        catalogue=_text(claim.catalogue) or _text(catalogue),
        track_id=_text(claim.track_id) or _text(track_id) or position.name,
        batch=_text(claim.batch),
        batch_uid=_text(claim.batch_uid),
        shard=_shard(claim.shard),
        stage=Stage.SINK,
        reason=Reason.MALFORMED_RECORD,
        path=_text(claim.path),
        message=shorten(f"record {position.name}: {problem}", _MESSAGE_CHARACTERS),
    )
    original = value or b""
    extra = {
        "key": name,
        "original": base64.b64encode(original[:KEPT_BYTES]).decode(),
        "originalBytes": len(original),
        **({"user": user} if (user := _text(claim.user)) else {}),  # so that erasing the listener finds it
    }
    return _write(record, position, RecordOutcome.MALFORMED, extra)


def refused(write: Write, problem: str) -> Write:
    """Rejection of a document that cannot be stored; its record stays on the topic, at the named position."""
    document = bson.decode(write.body)
    record = RejectedRecord(
        catalogue=_text(document.get("catalogue")),
        track_id=_text(document.get("trackId")) or write.id,
        batch=_text(document.get("batch")),
        batch_uid=_text(document.get("batchUid")),
        shard=_shard(document.get("shard")),
        stage=Stage.SINK,
        reason=Reason.STORE_REFUSED,
        path=_text(document.get("path")),
        message=shorten(
            f"record {write.position.name}: this document of {len(write.body)} bytes for {write.collection} "
            f"cannot be stored: {problem}",
            _MESSAGE_CHARACTERS,
        ),
    )
    extra = {} if write.event is None else {"user": write.event.user}
    return _write(record, write.position, RecordOutcome.REFUSED, extra)


def id_taken(conflict: Conflict) -> Write:
    """Rejection of a track whose id belongs to other music by now; its record stays on the topic."""
    write, holder = conflict.write, conflict.holder
    document = bson.decode(write.body)
    path, source = _text(document.get("path")), _text(document.get("source"))
    claim = write.holder.claim if write.holder else None
    way_out = (
        "apply the batch again, and it gets an id of its own"
        if source == holder.source
        else "set spec.source.prefix, so that the ids of the two sources differ"
    )
    record = RejectedRecord(
        catalogue=_text(document.get("catalogue")),
        track_id=claim.listed_id if claim else _text(document.get("trackId")),
        batch=_text(document.get("batch")),
        batch_uid=_text(document.get("batchUid")),
        shard=_shard(document.get("shard")),
        stage=Stage.SINK,
        reason=Reason.ID_TAKEN,
        path=path,
        message=shorten(
            f"the id {document.get('trackId')!r} belongs to {holder.path!r} of source {holder.source!r}, which was "
            f"stored while {path!r} of source {source!r} was extracted: {way_out}",
            _MESSAGE_CHARACTERS,
        ),
    )
    return _write(record, write.position, RecordOutcome.TAKEN, {})


def _write(record: RejectedRecord, position: Position, outcome: RecordOutcome, extra: dict[str, Any]) -> Write:
    identifier = f"sink:{position.identifier}"
    document = {"_id": identifier, **to_document(record), **extra, FIELD: position.to_document()}
    return Write(Collection.REJECTED, identifier, position, bson.encode(document), outcome, catalogue=record.catalogue)
