"""Conditions: metav1.Condition as a model, and the one way to change one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field

from segue_operator.api.base import StatusModel, Timestamp
from segue_operator.api.constants import MESSAGE_LENGTH, Phase, Status


def timestamp(moment: datetime) -> Timestamp:
    """Write a time as Kubernetes does: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text: Timestamp) -> datetime:
    """Read a time that Kubernetes wrote."""
    return datetime.fromisoformat(text)


def shorten(message: str, length: int = MESSAGE_LENGTH) -> str:
    """Cut a message to the length that the schema allows."""
    return message if len(message) <= length else message[: length - 1] + "…"


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
    """Condition of a type, wherever it stands in the list."""
    return next((condition for condition in conditions if condition.type == type_), None)


def is_true(conditions: Sequence[Condition], type_: str) -> bool:
    """Whether a condition is there and True."""
    condition = find(conditions, type_)
    return condition is not None and condition.status == Status.TRUE


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
    """Set one condition; the others stay as they are, in their order.

    ``lastTransitionTime`` changes only when the status flips, so that it always says since when a thing is so.
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
