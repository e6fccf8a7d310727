"""Which TrackBatches may work at the same time: so many, oldest first. Pure.

Every batch in work has pods of its own. Without a bound, a crowd of batches takes the room that
extraction and the broker need, and all of them wait for each other.

Nothing is remembered: the condition Queued of every batch says who holds a place, so a restarted operator continues
with the same batches. A batch holds its place until it finishes, is suspended or is deleted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from segue_operator.kinds.conditions import condition_of, is_finished
from segue_operator.kinds.constants import STALLED, ConditionReason, Status, TrackBatchCondition
from segue_operator.kinds.objects import Key, Manifest
from segue_operator.reconcile.outcome import is_deleting

FIRST_LOOK_SECONDS = 15.0
LAST_LOOK_SECONDS = 300.0

Turn = tuple[str, str, str]
"""Sort key of the queue: creation time, namespace, name."""


@dataclass(frozen=True)
class Place:
    """Where a batch stands in the queue."""

    position: int
    """1 is the next batch to start."""
    waiting: int
    """How many batches wait."""
    active: int
    """How many batches hold a place."""
    stalled: int = 0
    """How many of these make no progress."""

    @property
    def message(self) -> str:
        """The sentence for people."""
        active = f"{self.active} {'batch is' if self.active == 1 else 'batches are'} active"
        stalled = f", {self.stalled} of them stalled: fix or suspend those" if self.stalled else ""
        return f"position {self.position} of {self.waiting} in the queue: {active}{stalled}"

    @property
    def next_look_seconds(self) -> float:
        """When to look at the position again; the head of the queue is woken as soon as a place is free."""
        return min(LAST_LOOK_SECONDS, FIRST_LOOK_SECONDS + self.position)


def turn(batch: Manifest) -> Turn:
    """Sort key of a batch in the queue: the oldest comes first."""
    key = Key.of(batch)
    return str(batch["metadata"].get("creationTimestamp") or ""), key.namespace, key.name


def holds_place(batch: Manifest) -> bool:
    """Whether a batch is one of those that may work.

    A batch that an operator without a queue has started has no condition Queued, but a start time.
    """
    if not _wants_place(batch):
        return False
    queued = condition_of(batch, TrackBatchCondition.QUEUED)
    if not queued:
        return bool((batch.get("status") or {}).get("startTime"))
    return queued.get("status") == Status.FALSE and queued.get("reason") == ConditionReason.ADMITTED


def waits_for_place(batch: Manifest) -> bool:
    """Whether a batch would work if there were a place."""
    return _wants_place(batch) and not holds_place(batch)


def queue_of(batches: Iterable[Manifest]) -> list[Manifest]:
    """The batches that wait, in their order."""
    return sorted((batch for batch in batches if waits_for_place(batch)), key=turn)


def place_of(batch: Manifest, batches: Iterable[Manifest], limit: int) -> Place | None:
    """Where a batch stands in the queue; None if it may work, or wants no place.

    Parameters
    ----------
    batches
        All batches of the operator, with or without this one.
    limit
        How many batches may hold a place.
    """
    if not waits_for_place(batch):
        return None
    mine = Key.of(batch)
    others = [other for other in batches if Key.of(other) != mine]
    active = [other for other in others if holds_place(other)]
    queue = queue_of((batch, *others))
    position = 1 + next(i for i, other in enumerate(queue) if Key.of(other) == mine)
    if len(active) + position <= limit:
        return None
    stalled = sum(condition_of(other, STALLED).get("status") == Status.TRUE for other in active)
    return Place(position, len(queue), len(active), stalled)


def _wants_place(batch: Manifest) -> bool:
    suspended = bool((batch.get("spec") or {}).get("suspend"))
    return not (suspended or is_finished(batch) or is_deleting(batch))
