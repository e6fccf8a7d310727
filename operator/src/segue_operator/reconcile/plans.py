"""What a plan is made from, and the plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from segue_operator.kinds.objects import Key, Kind, Manifest


@dataclass(frozen=True)
class Interests:
    """What a resource's plan needs to see; the controller reads only this."""

    keys: tuple[Key, ...]
    """Children by their deterministic names, and other resources that this one refers to."""
    pod_labels: tuple[Mapping[str, str], ...] = ()
    """Labels of the pods, one set for each group of them: those of the children, and of what is shared with others."""
    needs_queue: bool = False
    """Whether all batches must be seen, because this one wants a place among those that work."""
    needs_catalogue: bool = False
    """Whether all batches and runs must be seen, because this run says what has changed since it trained."""

    @property
    def needs_turn(self) -> bool:
        """Whether what others do decides: only one such resource at a time may look and act."""
        return self.needs_queue or self.needs_catalogue


@dataclass(frozen=True)
class Observed:
    """What was observed of a resource's `Interests`."""

    objects: Mapping[Key, Manifest] = field(default_factory=dict)
    """Objects that exist, whoever owns them."""
    pods: tuple[Manifest, ...] = ()
    batches: tuple[Manifest, ...] = ()
    """All batches of the operator, if `Interests.needs_turn`."""
    runs: tuple[Manifest, ...] = ()
    """All runs of the operator, if `Interests.needs_catalogue`."""
    missing_kinds: frozenset[Kind] = frozenset()
    """Kinds that the cluster does not serve (the Spark operator is not installed)."""
    problems: Mapping[Key, str] = field(default_factory=dict)
    """Children that the server refused, with its message."""
    is_namespace_terminating: bool = False
    """Whether the namespace is known to be deleted: checked when a Job loses pods, or learnt from a refusal."""


@dataclass(frozen=True)
class PlannedEvent:
    """An event to record once the status is written."""

    type: Literal["Normal", "Warning"]
    reason: str
    message: str


@dataclass(frozen=True)
class Plan:
    """What to do, in this order: delete, create, apply, status, events. Empty when nothing has to change."""

    delete: tuple[Key, ...] = ()
    create: tuple[Manifest, ...] = ()
    """Create if absent, never apply again: Jobs and SparkApplications, which would run again."""
    apply: tuple[Manifest, ...] = ()
    """Server-side apply: Deployments, and the few fields of a Job that may change (suspend, parallelism)."""
    status: Mapping[str, Any] | None = None
    """The whole new status, if it differs from the current one."""
    events: tuple[PlannedEvent, ...] = ()
    requeue_after_seconds: float | None = None
    """Look again after this time even without an event, for deadlines."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.delete or self.create or self.apply or self.events) and self.status is None
