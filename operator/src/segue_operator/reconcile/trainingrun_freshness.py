"""What a TrainingRun that has trained says of its catalogue: RetrainRecommended, and what it remembers of batches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from segue_core.contract.times import parse_timestamp
from segue_operator.kinds.conditions import Conditions, find, is_finished
from segue_operator.kinds.constants import ConditionReason, EventReason, Status, TrainingRunCondition
from segue_operator.kinds.objects import Key, Manifest
from segue_operator.kinds.trainingrun import RetrainStatus, TrainingRun, TrainingRunStatus
from segue_operator.reconcile.freshness import (
    DEFAULT_PERCENT,
    Changes,
    Training,
    changes_since,
    is_enough,
    last_training,
    sentence,
    sum_of,
    training_of,
    worth_remembering,
)
from segue_operator.reconcile.outcome import ConditionWriter
from segue_operator.reconcile.plans import Observed, PlannedEvent
from segue_operator.reconcile.rounds import Outlook, busy_with, outlook

_TYPE = TrainingRunCondition.RETRAIN_RECOMMENDED


@dataclass(frozen=True)
class Freshness:
    """What is new in the status of a run, and what becomes of the run."""

    status: TrainingRunStatus
    outlook: Outlook = Outlook()
    events: tuple[PlannedEvent, ...] = ()


def look_at_catalogue(run: TrainingRun, resource: Manifest, observed: Observed, now: datetime) -> Freshness:
    """Compare the catalogue with what it was last trained on.

    The condition is the last run's alone, and that of runs that train by themselves. During a round it stays as it is.
    """
    status = run.status
    others = tuple(other for other in observed.runs if Key.of(other) != Key.of(resource))
    training = last_training((*others, resource), run.spec.catalogue)
    if training is None:
        return Freshness(status)
    if run.spec.retrain is None and training != training_of(resource):
        return Freshness(_superseded(run, training, now))
    known = status.retrain.batches if status.retrain is not None else ()
    changes = changes_since(known, observed.batches, run.spec.catalogue, training.since)
    total = sum_of(changes)
    if total.total or status.retrain is not None:
        retrain = status.retrain or RetrainStatus()
        seen = {"changed_tracks": total.total, "batches": worth_remembering(changes)}
        status = status.model_copy(update={"retrain": retrain.model_copy(update=seen)})
    if not is_finished(resource):
        return Freshness(status)
    busy = busy_with(run.spec.catalogue, others, observed.batches)
    return _recommend(run.model_copy(update={"status": status}), total, training, busy, now)


def _superseded(run: TrainingRun, training: Training, now: datetime) -> TrainingRunStatus:
    status = run.status
    if find(status.conditions, _TYPE) is None:
        return status
    message = f"TrainingRun {training.run} has trained the catalogue since, as model {training.model}"
    conditions = _set(run, now, Status.FALSE, ConditionReason.TRAINED_SINCE, message)
    retrain = status.retrain and status.retrain.model_copy(update={"changed_tracks": 0, "batches": ()})
    return status.model_copy(update={"conditions": conditions, "retrain": retrain})


def _recommend(run: TrainingRun, changes: Changes, training: Training, busy: str, now: datetime) -> Freshness:
    status, old = run.status, find(run.status.conditions, _TYPE)
    percent = run.spec.retrain.after_changed_percent if run.spec.retrain is not None else DEFAULT_PERCENT
    said = sentence(changes, training, percent)
    if not is_enough(changes, training, percent):
        if not changes.total and (old is None or old.reason == ConditionReason.TRAINED):
            return Freshness(status)
        reason = ConditionReason.FEW_TRACKS_CHANGED if changes.total else ConditionReason.TRAINED
        conditions = _set(run, now, Status.FALSE, reason, said)
        return Freshness(status.model_copy(update={"conditions": conditions}))
    was_recommended = old is not None and old.status == Status.TRUE
    since = parse_timestamp(old.last_transition_time) if old is not None and was_recommended else now
    following = outlook(run, since, busy, now)
    conditions = _set(run, now, Status.TRUE, ConditionReason.TRACKS_CHANGED, f"{said}; {following.sentence}")
    events = () if was_recommended else (PlannedEvent("Normal", EventReason.RETRAIN_RECOMMENDED, said),)
    return Freshness(status.model_copy(update={"conditions": conditions}), following, events)


def _set(run: TrainingRun, now: datetime, status: Status, reason: ConditionReason, message: str) -> Conditions:
    return ConditionWriter(now, run.metadata.generation).set(run.status.conditions, _TYPE, status, reason, message)
