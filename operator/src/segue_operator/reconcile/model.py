"""What a plan is made from and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from segue_operator.api.objects import Key, Kind, Manifest


@dataclass(frozen=True)
class Interests:
    """What a resource's plan must see: the controller reads just this."""

    keys: tuple[Key, ...]
    """Children by their deterministic names, and other resources that this one refers to."""
    pod_labels: Mapping[str, str] = field(default_factory=dict)
    """Labels of the children's pods."""


@dataclass(frozen=True)
class Observed:
    """What was seen of a resource's `Interests`."""

    objects: Mapping[Key, Manifest] = field(default_factory=dict)
    """Those that exist, whoever owns them."""
    pods: tuple[Manifest, ...] = ()
    missing_kinds: frozenset[Kind] = frozenset()
    """Kinds that the cluster does not know (the Spark operator is not installed)."""
    problems: Mapping[Key, str] = field(default_factory=dict)
    """Children that the server refused last time, with its message."""
    is_namespace_terminating: bool = False
    """Whether the namespace is being deleted, as far as is known: asked when a Job loses pods, and told by refusals."""


@dataclass(frozen=True)
class PlannedEvent:
    """An event to record once the status is written."""

    type: Literal["Normal", "Warning"]
    reason: str
    message: str


@dataclass(frozen=True)
class Plan:
    """What to do, in this order: delete, create, apply, status, events. Nothing at all when all is as it should be."""

    delete: tuple[Key, ...] = ()
    create: tuple[Manifest, ...] = ()
    """Create if absent, never touch again: Jobs and SparkApplications, which a re-apply would rerun."""
    apply: tuple[Manifest, ...] = ()
    """Server-side apply: Deployments, and the few fields of a Job that may change (suspend, parallelism)."""
    status: Mapping[str, Any] | None = None
    """The whole new status, when it differs from the current one."""
    events: tuple[PlannedEvent, ...] = ()
    requeue_after_seconds: float | None = None
    """Look again then, even if nothing happens: deadlines."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.delete or self.create or self.apply or self.events) and self.status is None
