"""Which of a batch's documents to insert, which to replace, and which are stored already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from segue_core.store.position import Position
from segue_jobs.sink.write import Write


@dataclass(frozen=True)
class WritePlan:
    """The writes that a batch needs in one collection; no id is written twice."""

    inserts: list[Write]
    replacements: list[Write]
    repeated: list[Write]
    """Stored already, or older than what is stored or another write of the batch."""


def newest(writes: Sequence[Write]) -> dict[str, Write]:
    """The newest write of each id: an unordered bulk must not contain an id twice."""
    latest: dict[str, Write] = {}
    for write in writes:
        other = latest.get(write.id)
        if other is None or write.position.is_newer_than(other.position):
            latest[write.id] = write
    return latest


def plan_writes(writes: Sequence[Write], stored: Mapping[str, Position | None]) -> WritePlan:
    """Compare a batch with what is stored.

    Parameters
    ----------
    writes
        The batch's writes for one collection, in record order.
    stored
        Id -> position of the stored document; ids that are not stored are absent.
    """
    latest = newest(writes)
    plan = WritePlan([], [], [])
    for write in writes:
        if write is not latest[write.id]:
            plan.repeated.append(write)
        elif write.id not in stored:
            plan.inserts.append(write)
        elif write.position.is_newer_than(stored[write.id]):
            plan.replacements.append(write)
        else:
            plan.repeated.append(write)
    return plan
