"""Which records may not be written, because their id belongs to other music by now. No I/O.

Extraction gives ids by what is stored when it looks. Two batches that run at once may give one id to two recordings;
the record that is read first gets it, and the other becomes a rejection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from segue_core.identity.catalogue import source_of_batch
from segue_core.store.position import Position
from segue_core.store.records import TrackRecord
from segue_jobs.sink.write import Holder, Write


@dataclass(frozen=True)
class Conflict:
    """A record whose id is taken, and by what."""

    write: Write
    holder: Holder


def holder_of(record: TrackRecord) -> Holder:
    """What a record would bind its id to."""
    return Holder(record.source, record.path, record.audio_sha256, record.claim)


def holder_in(document: Mapping[str, Any]) -> Holder:
    """What a stored document binds its id to."""
    source = document.get("source") or source_of_batch(str(document.get("batch")))
    return Holder(str(source), str(document.get("path")), str(document.get("audioSha256")))


def find_conflicts(
    writes: Sequence[Write], stored: Mapping[str, Position | None], holders: Mapping[str, Holder]
) -> list[Conflict]:
    """The writes that would give an id to other music.

    Parameters
    ----------
    writes
        The batch's tracks, in record order.
    stored, holders
        Id -> position of the stored document, and what it binds the id to.
    """
    bound = dict(holders)
    newest = dict(stored)
    conflicts = []
    for write in writes:
        if write.holder is None or not write.position.is_newer_than(newest.get(write.id)):
            continue  # stored already, or older
        holder = bound.get(write.id)
        if holder is not None and not may_replace(write.holder, holder):
            conflicts.append(Conflict(write, holder))
        else:
            bound[write.id], newest[write.id] = write.holder, write.position
    return conflicts


def may_replace(new: Holder, stored: Holder) -> bool:
    """Whether a record may be written over another of its id.

    It must have the audio that is stored or that its claim has seen. If it comes from the source that is stored,
    its file must also be where the stored one is, or where its claim has seen that: else two files took one id.
    """
    claim = new.claim
    if claim is None:  # from a program that knew no claims
        return True
    if stored.audio_sha256 not in (new.audio_sha256, claim.seen_audio_sha256):
        return False
    return stored.source != new.source or stored.path in (new.path, claim.seen_path)
