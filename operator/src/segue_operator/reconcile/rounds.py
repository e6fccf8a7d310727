"""When a run that has finished trains again, and how its next round begins. Pure.

A round is due once retraining is recommended and, with a schedule, at the first of its times after that: times that
passed while nothing had changed, or while the operator was away, never pile up. A round that failed is repeated after a
pause that doubles, and at one of the schedule's times.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from segue_core.contract.backoff import Backoff
from segue_core.contract.times import parse_timestamp
from segue_operator.children.naming import application_name
from segue_operator.kinds.conditions import find, is_finished, true_condition
from segue_operator.kinds.constants import STALLED, SUCCEEDED, AttemptState, ConditionReason, Status
from segue_operator.kinds.objects import Key, Manifest, catalogue_of
from segue_operator.kinds.schedule import Schedule
from segue_operator.kinds.trainingrun import Attempt, RetrainStatus, Round, TrainingRun
from segue_operator.reconcile.batch_queue import holds_place, waits_for_place
from segue_operator.reconcile.outcome import ConditionWriter, is_deleting

PAUSE = Backoff(first_seconds=600.0, longest_seconds=86_400.0)
"""Between a round that failed and the next one."""


@dataclass(frozen=True)
class Outlook:
    """Whether the next round starts now; if not, when or why."""

    starts: bool = False
    after_seconds: float | None = None
    sentence: str = ""


def outlook(run: TrainingRun, recommended_since: datetime, busy: str, now: datetime) -> Outlook:
    """What becomes of a finished run of which retraining is recommended.

    Parameters
    ----------
    recommended_since
        Since when it is.
    busy
        What the catalogue must wait for, in words; empty if nothing.
    """
    if run.spec.retrain is None:
        return Outlook(sentence="set spec.retrain to train by itself, or delete and create the run")
    if run.spec.suspend:
        return Outlook(sentence="no round starts while spec.suspend is true")
    due = next_start(run, recommended_since)
    following = f"round {_retrain(run).round + 1}"
    if due is None:
        return Outlook(sentence=f"{following} never starts: spec.retrain.schedule names no date that exists")
    if due > now:
        return Outlook(
            after_seconds=(due - now).total_seconds(), sentence=f"{following} starts at {due:%Y-%m-%d %H:%M} UTC"
        )
    if busy:
        return Outlook(sentence=f"{following} starts once {busy}")
    return Outlook(starts=True, sentence=f"{following} starts")


def next_start(run: TrainingRun, recommended_since: datetime) -> datetime | None:
    """When the next round of a run with ``spec.retrain`` is due, which may be in the past; None if never."""
    failures, ended = _retrain(run).failures, run.status.completion_time
    earliest = recommended_since
    if failures and ended:
        earliest = max(earliest, parse_timestamp(ended) + timedelta(seconds=PAUSE.pause(failures)))
    schedule = run.spec.retrain.schedule if run.spec.retrain is not None else None
    return Schedule.parse(schedule).next(earliest) if schedule else earliest


def busy_with(catalogue: str, others: Iterable[Manifest], batches: Iterable[Manifest]) -> str:
    """What a new round must wait for: another run that trains the catalogue, or batches that are about to change it."""
    training = sorted(Key.of(other).name for other in others if _is_at_work(other) and catalogue_of(other) == catalogue)
    if training:
        return f"TrainingRun {training[0]} has finished"
    ingesting = sorted(
        Key.of(batch).name
        for batch in batches
        if catalogue_of(batch) == catalogue
        and (holds_place(batch) or waits_for_place(batch))
        and true_condition(batch, STALLED) is None
    )
    return f"TrackBatch {ingesting[0]} has finished" if ingesting else ""


def begin_round(run: TrainingRun, now: datetime) -> TrainingRun:
    """The run at the start of its next round: a new attempt, and what the last round decided kept beside it."""
    status, retrain = run.status, _retrain(run)
    verdict = find(status.conditions, SUCCEEDED)
    ended_well = verdict is not None and verdict.status == Status.TRUE
    ended = Round(
        number=retrain.round,
        succeeded=ended_well,
        message=verdict.message if verdict is not None else "",
        completion_time=status.completion_time,
        model=status.model.version if ended_well and status.model is not None else None,
        decision=status.decision if ended_well else None,
    )
    number = max((attempt.number for attempt in status.attempts), default=0) + 1
    first = Attempt(number=number, application=application_name(run.metadata.name, number), state=AttemptState.PENDING)
    begun = retrain.model_copy(
        update={
            "round": retrain.round + 1,
            "trained_since": status.start_time if ended_well else retrain.trained_since,
            "previous_round": ended,
        }
    )
    writer = ConditionWriter(now, run.metadata.generation)
    conditions = writer.set(status.conditions, SUCCEEDED, Status.UNKNOWN, ConditionReason.PENDING)
    fresh = {
        "conditions": conditions,
        "attempts": (first,),
        "retrain": begun,
        "start_time": None,
        "completion_time": None,
    }
    return run.model_copy(update={"status": status.model_copy(update=fresh)})


def _retrain(run: TrainingRun) -> RetrainStatus:
    return run.status.retrain or RetrainStatus()


def _is_at_work(run: Manifest) -> bool:
    """Whether a run trains: one that waits for its batches, or is suspended, holds nobody up."""
    started = bool((run.get("status") or {}).get("startTime"))
    suspended = bool((run.get("spec") or {}).get("suspend"))
    return started and not (suspended or is_finished(run) or is_deleting(run))
