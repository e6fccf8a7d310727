"""What both kinds share: a verdict on the Succeeded condition, and what follows from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from segue_core.contract.times import parse_timestamp, timestamp
from segue_operator.kinds.conditions import Conditions, ResourceStatus, find, set_condition
from segue_operator.kinds.constants import FAILED, SUCCEEDED, SUSPENDED, ConditionReason, Phase, Status
from segue_operator.kinds.messages import shorten
from segue_operator.kinds.objects import Key, Manifest
from segue_operator.reconcile.plans import Plan, PlannedEvent

CONFLICT_RETRY_SECONDS = 30.0


@dataclass(frozen=True)
class Verdict:
    """What the Succeeded condition should say: Unknown until the resource has finished, then True or False."""

    reason: ConditionReason
    message: str
    status: Status = Status.UNKNOWN

    @property
    def is_final(self) -> bool:
        """Whether the resource has finished."""
        return self.status != Status.UNKNOWN


def succeeded(reason: ConditionReason, message: str) -> Verdict:
    """Verdict of a resource that has succeeded."""
    return Verdict(reason, message, Status.TRUE)


def failed(reason: ConditionReason, message: str) -> Verdict:
    """Verdict of a resource that has failed."""
    return Verdict(reason, message, Status.FALSE)


def hindered(step: str, hindrance: str) -> str:
    """Message of an unfinished resource: what hinders it, then its current step, which must not contain ``; ``."""
    return f"{hindrance}; {step}" if hindrance else step


def hindrance_in(message: str) -> str:
    """The hindrance in a message of `hindered`; empty if there is none."""
    return message.rpartition("; ")[0]


SceneT = TypeVar("SceneT")


def first_verdict(policies: Iterable[Callable[[SceneT], Verdict | None]], scene: SceneT) -> Verdict:
    """Verdict of the first policy that has one; the last policy of a chain always does."""
    for policy in policies:
        verdict = policy(scene)
        if verdict is not None:
            return verdict
    raise ValueError("the last policy of a chain must give a verdict")


_PHASES: Mapping[ConditionReason, Phase] = {
    ConditionReason.PENDING: Phase.PENDING,
    ConditionReason.QUEUED: Phase.QUEUED,
    ConditionReason.EXTRACTING: Phase.EXTRACTING,
    ConditionReason.VERIFYING: Phase.VERIFYING,
    ConditionReason.SUBMITTED: Phase.SUBMITTED,
    ConditionReason.RUNNING: Phase.RUNNING,
    ConditionReason.RETRYING: Phase.RETRYING,
    ConditionReason.SUSPEND_REQUESTED: Phase.SUSPENDED,
    ConditionReason.BATCH_NOT_FOUND: Phase.PENDING,
    ConditionReason.BATCH_NOT_FINISHED: Phase.PENDING,
}


def phase_of(verdict: Verdict) -> Phase:
    """The phase for display; a resource that something outside hinders is ``Blocked``."""
    if verdict.is_final:
        return Phase.SUCCEEDED if verdict.status == Status.TRUE else Phase.FAILED
    return _PHASES.get(verdict.reason, Phase.BLOCKED)


@dataclass(frozen=True)
class ConditionWriter:
    """Sets conditions of one resource at one time."""

    now: datetime
    generation: int

    def set(
        self, conditions: Conditions, type_: str, status: Status, reason: ConditionReason, message: str = ""
    ) -> Conditions:
        """Set one condition, as `segue_operator.kinds.conditions.set_condition` does."""
        return set_condition(conditions, type_, status, str(reason), message, now=self.now, generation=self.generation)

    def set_summary(self, conditions: Conditions, verdict: Verdict, *, suspend: bool) -> Conditions:
        """Set the three conditions that both kinds have: Succeeded, Failed, Suspended."""
        conditions = self.set(conditions, SUCCEEDED, verdict.status, verdict.reason, verdict.message)
        if verdict.status == Status.FALSE:
            conditions = self.set(conditions, FAILED, Status.TRUE, verdict.reason, verdict.message)
        else:
            conditions = self.set(conditions, FAILED, Status.FALSE, ConditionReason.NOT_FAILED)
        return self._set_suspended(conditions, suspend=suspend and not verdict.is_final)

    def _set_suspended(self, conditions: Conditions, *, suspend: bool) -> Conditions:
        if suspend:
            reason = ConditionReason.SUSPEND_REQUESTED
            return self.set(conditions, SUSPENDED, Status.TRUE, reason, "spec.suspend is true")
        old = find(conditions, SUSPENDED)
        was = old is not None and (old.status == Status.TRUE or old.reason == ConditionReason.RESUMED)
        return self.set(
            conditions, SUSPENDED, Status.FALSE, ConditionReason.RESUMED if was else ConditionReason.NOT_SUSPENDED
        )


def active_since(status: ResourceStatus, base: str | None, now: datetime) -> datetime | None:
    """When a deadline's clock started: at ``base``, or at the last resumption, which may be now."""
    if not base:
        return None
    suspended = find(status.conditions, SUSPENDED)
    if suspended is None or suspended.reason == ConditionReason.NOT_SUSPENDED:
        return parse_timestamp(base)
    resumed = now if suspended.status == Status.TRUE else parse_timestamp(suspended.last_transition_time)
    return max(parse_timestamp(base), resumed)


def out_of_time(limit_seconds: int | None) -> Verdict:
    """Verdict of a resource that took longer than it may."""
    return failed(ConditionReason.DEADLINE_EXCEEDED, f"not finished within activeDeadlineSeconds ({limit_seconds})")


def paused() -> Verdict:
    """Verdict of a resource that the user suspended."""
    return Verdict(ConditionReason.SUSPEND_REQUESTED, "spec.suspend is true: set it to false to continue")


def seconds_left(since: datetime | None, limit_seconds: int | None, now: datetime) -> float | None:
    """Seconds until a deadline, 0 or less once it has passed; None without one."""
    if since is None or limit_seconds is None:
        return None
    return (since + timedelta(seconds=limit_seconds) - now).total_seconds()


def ttl_left(status: ResourceStatus, ttl_seconds: int | None, now: datetime) -> float | None:
    """Seconds until a finished resource is deleted; None if it is kept."""
    completed = status.completion_time
    return seconds_left(parse_timestamp(completed) if completed else None, ttl_seconds, now)


def soonest(*delays: float | None) -> float | None:
    """The shortest positive delay."""
    return min((delay for delay in delays if delay is not None and delay > 0), default=None)


def transition_events(old: Conditions, new: Conditions) -> tuple[PlannedEvent, ...]:
    """One event when the Succeeded condition's reason has changed."""
    before, after = find(old, SUCCEEDED), find(new, SUCCEEDED)
    if after is None or (before is not None and before.reason == after.reason):
        return ()
    if before is None and after.reason == ConditionReason.PENDING:
        return ()
    warning = after.status == Status.FALSE or after.reason in _WARNINGS
    return (PlannedEvent("Warning" if warning else "Normal", after.reason, after.message),)


def is_news(words: str, old: Conditions, new: Conditions) -> bool:
    """Whether the Succeeded condition has these words now but not before, so that it is reported once."""
    before, after = find(old, SUCCEEDED), find(new, SUCCEEDED)
    return after is not None and words in after.message and (before is None or words not in before.message)


_WARNINGS = frozenset(
    {
        ConditionReason.NAME_CONFLICT,
        ConditionReason.APPLY_FAILED,
        ConditionReason.RETRYING,
        ConditionReason.SPARK_CRD_MISSING,
        ConditionReason.UNKNOWN_STATE,
        ConditionReason.BATCH_NOT_FOUND,
    }
)


def changed_status(resource: Manifest, new: ResourceStatus) -> Mapping[str, Any] | None:
    """The whole new status, if it differs from the one that the resource has."""
    document = new.model_dump(mode="json", by_alias=True, exclude_none=True)
    return None if document == (resource.get("status") or {}) else document


def completion(verdict: Verdict, old: ResourceStatus, now: datetime) -> str | None:
    """When the resource finished."""
    if not verdict.is_final:
        return None
    return old.completion_time or timestamp(now)


def is_deleting(resource: Manifest) -> bool:
    """Whether the resource is being deleted; the garbage collector deletes its children."""
    return bool(resource.get("metadata", {}).get("deletionTimestamp"))


def conflict_message(keys: Iterable[Key]) -> str:
    """Message about names that other objects have."""
    names = ", ".join(f"{key.kind} {key.name}" for key in sorted(keys))
    return shorten(f"{names} exists and belongs to something else: delete or rename it, or rename this resource")


def plan_finished(
    resource: Manifest,
    status: ResourceStatus,
    now: datetime,
    *,
    ttl_seconds: int | None,
    generation: int,
    leftovers: tuple[Key, ...],
    conditions: Conditions | None = None,
    is_news: bool = False,
) -> Plan:
    """Plan of a finished resource: delete it after its TTL, and delete children that should have ended with it.

    Its verdict never changes. A change of its spec (a TTL) is acknowledged in status and conditions, because
    ``kubectl wait`` ignores conditions of an older generation.

    Parameters
    ----------
    conditions
        The conditions, if some have changed since.
    is_news
        Whether something else in ``status`` has.
    """
    left = ttl_left(status, ttl_seconds, now)
    if left is not None and left <= 0:
        return Plan(delete=(Key.of(resource),))
    current = status.conditions if conditions is None else conditions
    stale = is_news or status.observed_generation != generation or current != status.conditions
    acknowledged = tuple(c.model_copy(update={"observed_generation": generation}) for c in current)
    new = status.model_copy(update={"observed_generation": generation, "conditions": acknowledged})
    return Plan(
        delete=leftovers,
        status=changed_status(resource, new) if stale else None,
        requeue_after_seconds=left,
    )
