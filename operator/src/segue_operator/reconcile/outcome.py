"""What both kinds share: a verdict on the Succeeded condition, and what follows from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from segue_operator.api.conditions import Conditions, ResourceStatus, find, moment, set_condition, shorten, timestamp
from segue_operator.api.constants import ConditionReason, Phase, Status
from segue_operator.api.objects import Key, Manifest
from segue_operator.reconcile.model import Plan, PlannedEvent

SUCCEEDED, FAILED, SUSPENDED = "Succeeded", "Failed", "Suspended"
"""Condition types that both kinds have."""
CONFLICT_RETRY_SECONDS = 30.0


@dataclass(frozen=True)
class Verdict:
    """What the Succeeded condition is to say: Unknown while the resource is at work, then True or False for good."""

    reason: ConditionReason
    message: str
    status: Status = Status.UNKNOWN

    @property
    def is_final(self) -> bool:
        """Whether the resource has finished."""
        return self.status != Status.UNKNOWN


def succeeded(reason: ConditionReason, message: str) -> Verdict:
    """Verdict of a resource that has done its work."""
    return Verdict(reason, message, Status.TRUE)


def failed(reason: ConditionReason, message: str) -> Verdict:
    """Verdict of a resource that never will."""
    return Verdict(reason, message, Status.FALSE)


SceneT = TypeVar("SceneT")


def first_verdict(policies: Iterable[Callable[[SceneT], Verdict | None]], scene: SceneT) -> Verdict:
    """Verdict of the first policy that has one; the last policy of a chain always does."""
    for policy in policies:
        verdict = policy(scene)
        if verdict is not None:
            return verdict
    raise ValueError("the last policy of a chain must give a verdict")


def is_finished(status: ResourceStatus) -> bool:
    """Whether a resource has its final verdict."""
    condition = find(status.conditions, SUCCEEDED)
    return condition is not None and condition.status != Status.UNKNOWN


_PHASES: Mapping[ConditionReason, Phase] = {
    ConditionReason.PENDING: Phase.PENDING,
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
    """The word for the column; what hinders the resource from outside is ``Blocked``."""
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
        """Set one condition, as `segue_operator.api.conditions.set_condition` does."""
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
    """Since when a deadline counts: from ``base``, but anew from the last resumption, which may be just now."""
    if not base:
        return None
    suspended = find(status.conditions, SUSPENDED)
    if suspended is None or suspended.reason == ConditionReason.NOT_SUSPENDED:
        return moment(base)
    resumed = now if suspended.status == Status.TRUE else moment(suspended.last_transition_time)
    return max(moment(base), resumed)


def seconds_left(since: datetime | None, limit_seconds: int | None, now: datetime) -> float | None:
    """Seconds until a deadline, not positive once it has passed; None where there is none."""
    if since is None or limit_seconds is None:
        return None
    return (since + timedelta(seconds=limit_seconds) - now).total_seconds()


def ttl_left(status: ResourceStatus, ttl_seconds: int | None, now: datetime) -> float | None:
    """Seconds until a finished resource is to be deleted; None if it is to stay."""
    completed = status.completion_time
    return seconds_left(moment(completed) if completed else None, ttl_seconds, now)


def soonest(*delays: float | None) -> float | None:
    """The shortest delay that is not over."""
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
    """Whether the server is deleting the resource: the garbage collector takes its children."""
    return bool(resource.get("metadata", {}).get("deletionTimestamp"))


def conflict_message(keys: Iterable[Key]) -> str:
    """Sentence about names that others have."""
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
    kept: tuple[Manifest, ...] = (),
    conditions: Conditions | None = None,
) -> Plan:
    """Plan of a finished resource: it is deleted after its TTL; what should have ended with it is deleted.

    Its verdict never changes. A change of its spec (a TTL) is acknowledged on status and conditions, since
    ``kubectl wait`` takes no word of an older generation.

    Parameters
    ----------
    kept
        Children to apply: those that outlive the end.
    conditions
        Where those of the children have changed since.
    """
    left = ttl_left(status, ttl_seconds, now)
    if left is not None and left <= 0:
        return Plan(delete=(Key.of(resource),))
    told = status.conditions if conditions is None else conditions
    stale = status.observed_generation != generation or told != status.conditions
    acknowledged = tuple(c.model_copy(update={"observed_generation": generation}) for c in told)
    new = status.model_copy(update={"observed_generation": generation, "conditions": acknowledged})
    return Plan(
        delete=leftovers,
        apply=kept,
        status=changed_status(resource, new) if stale else None,
        requeue_after_seconds=left,
    )
