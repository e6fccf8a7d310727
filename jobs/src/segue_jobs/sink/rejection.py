"""Rejections that the sink itself makes: records that it cannot read and documents that the database refuses."""

from __future__ import annotations

import base64
from typing import Any

import bson
import msgspec
from msgspec import Struct

from segue_jobs.contract import Reason, Stage
from segue_jobs.records import RejectedRecord, to_document
from segue_jobs.runtime.mongodb import Collection
from segue_jobs.sink.position import FIELD, Position
from segue_jobs.sink.write import Outcome, Write

KEPT_BYTES = 16 * 1024
"""So much of a record that cannot be read is kept."""
_MESSAGE_CHARACTERS = 1500
_CLAIM_CHARACTERS = 512


class _Claim(Struct, rename="camel"):
    """What an unreadable record says of itself: believed for finding it again, for nothing else."""

    catalogue: Any = None
    track_id: Any = None
    batch: Any = None
    batch_uid: Any = None
    shard: Any = None
    path: Any = None


UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)
"""What msgspec raises on bytes that are not the JSON that was expected."""
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


def malformed(position: Position, key: bytes | None, value: bytes | None, problem: str) -> Write:
    """Rejection of a record that is not what its topic carries.

    Parameters
    ----------
    position, key, value
        The record; catalogue, track and batch are taken from it as far as they can be read, so that verification
        finds the rejection.
    problem
        Why it cannot be used.
    """
    claim, name = _claim(value), _printable(key or b"")
    catalogue, _, track_id = name.partition(":")
    record = RejectedRecord(
        catalogue=_text(claim.catalogue) or _text(catalogue),
        track_id=_text(claim.track_id) or _text(track_id) or position.name,
        batch=_text(claim.batch),
        batch_uid=_text(claim.batch_uid),
        shard=_shard(claim.shard),
        stage=Stage.SINK,
        reason=Reason.MALFORMED_RECORD,
        path=_text(claim.path),
        message=f"record {position.name}: {problem}"[:_MESSAGE_CHARACTERS],
    )
    original = value or b""
    extra = {
        "key": name,
        "original": base64.b64encode(original[:KEPT_BYTES]).decode(),
        "originalBytes": len(original),
    }
    return _write(record, position, Outcome.MALFORMED, extra)


def refused(write: Write, problem: str) -> Write:
    """Rejection of a document that the database does not take; its record stays on the topic, at the position named."""
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
        message=(
            f"record {write.position.name}: the database refuses this document of {len(write.body)} bytes "
            f"for {write.collection}: {problem}"
        )[:_MESSAGE_CHARACTERS],
    )
    return _write(record, write.position, Outcome.REFUSED, {})


def _write(record: RejectedRecord, position: Position, outcome: Outcome, extra: dict[str, Any]) -> Write:
    identifier = f"sink:{position.identifier}"
    document = {"_id": identifier, **to_document(record), **extra, FIELD: position.to_document()}
    return Write(Collection.REJECTED, identifier, position, bson.encode(document), outcome)
