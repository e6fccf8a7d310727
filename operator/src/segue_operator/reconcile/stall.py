"""Waiting without progress: what for, since when, and when a resource becomes Stalled. Pure.

A stall is the absence of progress, and a plan sees only what exists. So each `Wait` has a clock:

- If an object says when the waiting began (a pod was created, an attempt ended), the clock starts then. Every resource
  waits like that for some seconds, and nothing is written before the patience is over. Then Stalled becomes Unknown,
  and True if the next look finds the same: caches may briefly show a state that never existed, such as a Job between
  two pods.
  A time in the future counts as none: the clock was set back.
- If no object says so (a name is taken, an image cannot be pulled), the clock starts when the operator first sees it:
  Stalled becomes Unknown in the same write that reports the hindrance, and its ``lastTransitionTime`` is the clock. So
  the clock survives a restart. The next hindrance, one of another reason, starts it again.

A running pod counts as progress, however long it takes. Its own metrics and log show what it does; the operator does
not read them. A healthy shard of a large catalogue runs for hours, so calling it stalled would be a guess.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from segue_core.contract.times import parse_timestamp, timestamp
from segue_operator.kinds.conditions import Condition, Conditions, ResourceStatus, find
from segue_operator.kinds.constants import STALLED, ConditionReason, EventReason, Status
from segue_operator.kinds.messages import shorten
from segue_operator.reconcile.observe import PodView, first_waiting
from segue_operator.reconcile.outcome import ConditionWriter, active_since
from segue_operator.reconcile.plans import PlannedEvent

PATIENCE_SECONDS = 120
"""How long a resource may wait without progress before it is Stalled."""
STARTING_SECONDS = 300
"""The same for a pod that starts slowly for no known reason: a large image takes that long."""
RETRIED = "fix that: the operator tries again by itself"
"""Remedy where the API server refused a child."""
_WHY_LENGTH = 600
"""Longest reason in a message, so that the remedy after it is not cut off."""
CONFIRMATION_SECONDS = 15
"""How long a stall must last after it was first seen, if objects say that it began earlier."""


@dataclass(frozen=True)
class Wait:
    """What keeps a resource from making progress."""

    reason: ConditionReason
    subject: str
    """What is waited for, as in *waiting for pod x to start*."""
    why: str
    remedy: str
    """What to do about it."""
    since: datetime | None = None
    """When the waiting began, if an object says so; None: when the operator first saw it."""
    patience_seconds: int = PATIENCE_SECONDS

    def message(self, since: datetime) -> str:
        """The sentence for people."""
        begun = f"waiting for {self.subject} since {since:%Y-%m-%d %H:%M:%S} UTC"
        why = shorten(" ".join(self.why.split()), _WHY_LENGTH)
        return f"{begun}{': ' if why else ''}{why}; {self.remedy}"


@dataclass(frozen=True)
class Stall:
    """What the condition Stalled should say about a wait."""

    status: Status
    since: datetime
    """When the waiting began."""
    last_transition: datetime
    """The condition's ``lastTransitionTime``: once it is True, when the waiting began."""
    look_again_seconds: float | None = None
    """When to look again if nothing happens."""


def judge(wait: Wait, status: ResourceStatus, now: datetime) -> Stall:
    """How long a resource has been waiting, according to its last status and its objects."""
    old = find(status.conditions, STALLED)
    waits_already = old is not None and old.status != Status.FALSE and old.reason == str(wait.reason)
    seen = parse_timestamp(old.last_transition_time) if old is not None and waits_already else now
    seen = min(seen, now)  # the clock was set back: it counts from now on
    since, begun = seen, _begun(wait, now)
    if begun is not None:
        since = active_since(status, timestamp(begun), now) or begun
    left = wait.patience_seconds - (now - since).total_seconds()
    if left > 0:
        return Stall(Status.FALSE if begun is not None else Status.UNKNOWN, since, since, left)
    unconfirmed = CONFIRMATION_SECONDS - (now - seen).total_seconds()
    is_stalled = old is not None and waits_already and old.status == Status.TRUE
    if not is_stalled and unconfirmed > 0:
        return Stall(Status.UNKNOWN, since, seen, unconfirmed)
    return Stall(Status.TRUE, since, since)


def _begun(wait: Wait, now: datetime) -> datetime | None:
    """When the waiting began, as an object says; a time that is yet to come says nothing: the clock was set back."""
    if wait.since is None or (wait.since - now).total_seconds() > CONFIRMATION_SECONDS:
        return None
    return wait.since


def next_look(wait: Wait | None, status: ResourceStatus, now: datetime) -> float | None:
    """In how many seconds the condition Stalled changes if nothing happens."""
    return judge(wait, status, now).look_again_seconds if wait is not None else None


def set_stalled(
    writer: ConditionWriter, conditions: Conditions, status: ResourceStatus, wait: Wait | None
) -> Conditions:
    """Set the condition Stalled: False, Unknown while a hindrance is new, True once the patience is over.

    Parameters
    ----------
    status
        The last status, which has the clock.
    """
    stall = judge(wait, status, writer.now) if wait is not None else None
    if wait is None or stall is None or stall.status == Status.FALSE:
        return writer.set(conditions, STALLED, Status.FALSE, ConditionReason.NOT_STALLED)
    new = Condition(
        type=STALLED,
        status=stall.status,
        reason=str(wait.reason),
        message=shorten(wait.message(stall.since)),
        last_transition_time=timestamp(stall.last_transition),
        observed_generation=writer.generation,
    )
    if find(conditions, STALLED) is None:
        return (*conditions, new)
    return tuple(new if condition.type == STALLED else condition for condition in conditions)


def stall_events(old: Conditions, new: Conditions) -> tuple[PlannedEvent, ...]:
    """One event when a resource becomes stalled."""
    before, after = find(old, STALLED), find(new, STALLED)
    if after is None or after.status != Status.TRUE or (before is not None and before.status == Status.TRUE):
        return ()
    return (PlannedEvent("Warning", EventReason.STALLED, after.message),)


# -------------------------------------------------------------------------------------------- what both kinds wait for


def latest(times: Iterable[str]) -> datetime | None:
    """The latest of the known times."""
    return max((parse_timestamp(text) for text in times if text), default=None)


def not_starting(pods: Iterable[PodView]) -> Wait | None:
    """The first of the pods that is known not to start."""
    found = first_waiting(pod for pod in pods if not pod.is_over)
    if found is None:
        return None
    pod, why = found
    return Wait(
        ConditionReason.POD_WAITING,
        f"pod {pod.name} to start",
        str(why),
        "fix that and it continues by itself",
    )


def waiting_pods(pods: Iterable[PodView]) -> Wait | None:
    """Why no pod makes progress; None if one does, or if there are none."""
    left = [pod for pod in pods if not pod.is_over]
    if not left or any(pod.is_at_work for pod in left):
        return None
    return not_starting(left) or _lost(left) or _pending(left)


def _lost(pods: Iterable[PodView]) -> Wait | None:
    lost = min((pod for pod in pods if pod.lost), key=lambda pod: pod.name, default=None)
    if lost is None:
        return None
    return Wait(
        ConditionReason.POD_LOST,
        f"the node of pod {lost.name}",
        "it has stopped reporting",
        "bring it back, or delete the pod with --force if the node is gone for good",
        since=latest((lost.lost,)),
    )


def _pending(pods: Iterable[PodView]) -> Wait | None:
    youngest = max(pods, key=lambda pod: (pod.created, pod.name))
    return Wait(
        ConditionReason.POD_PENDING,
        f"pod {youngest.name} to start",
        "no reason is known",
        "its events show whether an image is being pulled or a volume attached",
        since=latest((youngest.created,)),
        patience_seconds=STARTING_SECONDS,
    )
