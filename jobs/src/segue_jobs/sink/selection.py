"""Which of a batch's documents are to be inserted, which replaced, and which are stored already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from segue_jobs.sink.position import Position
from segue_jobs.sink.write import Write


@dataclass(frozen=True)
class Selection:
    """What one collection needs for one batch; no id is written twice."""

    inserts: list[Write]
    replacements: list[Write]
    repeated: list[Write]
    """Stored already, or older than what is stored or than another write of the batch."""


def newest(writes: Sequence[Write]) -> dict[str, Write]:
    """The newest write of each id: a bulk in no order must not hold an id twice."""
    latest: dict[str, Write] = {}
    for write in writes:
        other = latest.get(write.id)
        if other is None or write.position.is_newer_than(other.position):
            latest[write.id] = write
    return latest


def select(writes: Sequence[Write], stored: Mapping[str, Position | None]) -> Selection:
    """Compare a batch with what is stored.

    Parameters
    ----------
    writes
        The batch's writes for one collection, in the order of their records.
    stored
        Id -> position of the stored document; ids that are not stored are absent.
    """
    latest = newest(writes)
    selection = Selection([], [], [])
    for write in writes:
        if write is not latest[write.id]:
            selection.repeated.append(write)
        elif write.id not in stored:
            selection.inserts.append(write)
        elif write.position.is_newer_than(stored[write.id]):
            selection.replacements.append(write)
        else:
            selection.repeated.append(write)
    return selection
