"""How much of a catalogue has changed since it was last trained, by the statuses of its batches and runs. Pure.

A track that changes twice counts twice, so the share is an upper bound. Batches that finished before the training began
are in the model; one that finished while it ran may be, and counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from segue_core.contract.times import parse_timestamp
from segue_operator.kinds.conditions import condition_of, is_finished, true_condition
from segue_operator.kinds.constants import SUCCEEDED, ConditionReason
from segue_operator.kinds.objects import Manifest, catalogue_of
from segue_operator.kinds.trainingrun import REMEMBERED_BATCHES, BatchChange, Retrain

DEFAULT_PERCENT = Retrain().after_changed_percent
"""Share of changed tracks from which retraining is recommended to runs without ``spec.retrain``."""


@dataclass(frozen=True, order=True)
class Training:
    """The last successful training of a run; the later one is greater."""

    since: datetime
    run: str
    namespace: str
    tracks: int
    model: str


@dataclass(frozen=True)
class Changes:
    """Tracks of a catalogue that came, went and changed."""

    came: int = 0
    went: int = 0
    changed: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.came + self.went + self.changed

    def __str__(self) -> str:
        return f"{self.came} came, {self.went} went and {self.changed} changed"


def training_of(run: Manifest) -> Training | None:
    """The last successful training of a run; None if it has none, or if nobody knows on how many tracks."""
    metadata, status = run["metadata"], run.get("status") or {}
    retrain, model = status.get("retrain") or {}, status.get("model") or {}
    since = status.get("startTime") if true_condition(run, SUCCEEDED) else retrain.get("trainedSince")
    if not (since and model.get("version") and model.get("tracks")):
        return None
    namespace = metadata.get("namespace") or "default"
    return Training(parse_timestamp(since), metadata["name"], namespace, int(model["tracks"]), model["version"])


def last_training(runs: Iterable[Manifest], catalogue: str) -> Training | None:
    """The last successful training of a catalogue, whichever run it was."""
    ours = (training_of(run) for run in runs if catalogue_of(run) == catalogue)
    return max((training for training in ours if training is not None), default=None)


def changes_since(
    known: Iterable[BatchChange], batches: Iterable[Manifest], catalogue: str, since: datetime
) -> tuple[BatchChange, ...]:
    """What the batches that finished since a time have changed, the oldest first.

    Parameters
    ----------
    known
        What is remembered of batches; they may have been deleted meanwhile.
    batches
        All batches that exist, of any catalogue.
    """
    seen = (_change_of(batch) for batch in batches if catalogue_of(batch) == catalogue)
    by_uid = {one.uid: one for one in known} | {one.uid: one for one in seen if one is not None}
    later = (one for one in by_uid.values() if parse_timestamp(one.completion_time) > since)
    return tuple(sorted(later, key=lambda one: (one.completion_time, one.uid)))


def worth_remembering(changes: Sequence[BatchChange]) -> tuple[BatchChange, ...]:
    """The changes that a status keeps: all, or the largest if there are too many."""
    if len(changes) <= REMEMBERED_BATCHES:
        return tuple(changes)
    largest = sorted(changes, key=lambda one: -(one.came + one.went + one.changed))[:REMEMBERED_BATCHES]
    return tuple(one for one in changes if one in largest)


def sum_of(changes: Iterable[BatchChange]) -> Changes:
    """All changes together."""
    given = tuple(changes)
    return Changes(sum(one.came for one in given), sum(one.went for one in given), sum(one.changed for one in given))


def is_enough(changes: Changes, training: Training, percent: int) -> bool:
    """Whether retraining is recommended: so many percent of the tracks, and at least one."""
    return changes.total > 0 and 100 * changes.total >= percent * training.tracks


def sentence(changes: Changes, training: Training, percent: int) -> str:
    """What has changed, and how that compares with what is needed."""
    trained = f"model {training.model} was trained on {training.tracks} tracks"
    if not changes.total:
        return f"no track has come, gone or changed since {trained}"
    share = f"{100 * changes.total / training.tracks:.1f} % of them"
    if percent == 0:
        needed = "and any change is enough"
    elif is_enough(changes, training, percent):
        needed = f"and {percent} % is enough"
    else:
        needed = f"and {percent} % is needed"
    return f"{changes} since {trained}: {share}, {needed}"


def _change_of(batch: Manifest) -> BatchChange | None:
    """What a batch changed; None if it has not finished, or has changed nothing."""
    status: Mapping[str, Any] = batch.get("status") or {}
    if not (is_finished(batch) and status.get("completionTime")):
        return None
    if condition_of(batch, SUCCEEDED).get("reason") == ConditionReason.TOO_MANY_MISSING:
        return None
    counts = status.get("tracks") or {}
    came, went, changed = (int(counts.get(name) or 0) for name in ("added", "removed", "changed"))
    if not came + went + changed:
        return None
    return BatchChange(
        uid=str(batch["metadata"].get("uid", "")),
        completion_time=status["completionTime"],
        came=came,
        went=went,
        changed=changed,
    )
