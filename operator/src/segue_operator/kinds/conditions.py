"""Conditions: metav1.Condition as a model, how to find one and how to change one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from segue_core.contract.times import timestamp
from segue_operator.kinds.base import StatusModel, Timestamp
from segue_operator.kinds.constants import MESSAGE_LENGTH, SUCCEEDED, Phase, Status
from segue_operator.kinds.messages import shorten
from segue_operator.kinds.objects import Manifest


class Condition(StatusModel):
    """One aspect of a resource's state, as metav1.Condition has it."""

    type: Annotated[str, Field(min_length=1, max_length=316)]
    status: Status
    reason: Annotated[str, Field(min_length=1, max_length=1024, pattern=r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$")]
    message: Annotated[str, Field(max_length=MESSAGE_LENGTH)] = ""
    last_transition_time: Timestamp
    observed_generation: Annotated[int, Field(ge=0)] = 0


Conditions = tuple[Condition, ...]


class ResourceStatus(StatusModel):
    """The part of a status that both kinds have."""

    observed_generation: Annotated[int, Field(ge=0)] = 0
    phase: Phase | None = None
    conditions: Annotated[Conditions, Field(max_length=16)] = ()
    start_time: Timestamp | None = None
    completion_time: Timestamp | None = None


def find(conditions: Sequence[Condition], type_: str) -> Condition | None:
    """Condition of a type, at any place in the list."""
    return next((condition for condition in conditions if condition.type == type_), None)


def condition_of(manifest: Manifest, type_: str) -> Mapping[str, Any]:
    """Condition of a type in the status of any object; empty if there is none."""
    conditions = (manifest.get("status") or {}).get("conditions") or ()
    return next((one for one in conditions if one.get("type") == type_), {})


def true_condition(manifest: Manifest, type_: str) -> Mapping[str, Any] | None:
    """The same, if it is True."""
    found = condition_of(manifest, type_)
    return found if found.get("status") == Status.TRUE else None


def is_finished(resource: Manifest) -> bool:
    """Whether one of Segue's resources has its final verdict."""
    return condition_of(resource, SUCCEEDED).get("status") in (Status.TRUE, Status.FALSE)


def set_condition(
    conditions: Sequence[Condition],
    type_: str,
    status: Status,
    reason: str,
    message: str = "",
    *,
    now: datetime,
    generation: int,
) -> Conditions:
    """Set one condition; the others keep their values and order.

    ``lastTransitionTime`` changes only with the status, so it says since when the status holds.
    """
    old = find(conditions, type_)
    since = old.last_transition_time if old is not None and old.status == status else timestamp(now)
    new = Condition(
        type=type_,
        status=status,
        reason=reason,
        message=shorten(message),
        last_transition_time=since,
        observed_generation=generation,
    )
    if old is None:
        return (*conditions, new)
    return tuple(new if condition.type == type_ else condition for condition in conditions)
