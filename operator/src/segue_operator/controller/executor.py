"""Execute a plan in order, so that a restart at any point leads to the same end."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from segue_operator.children.metadata import controller_uid
from segue_operator.controller.cluster import (
    AlreadyExistsError,
    Cluster,
    ClusterError,
    ConflictError,
    InvalidError,
    KindMissingError,
    NamespaceTerminatingError,
    UnavailableError,
)
from segue_operator.kinds.messages import shorten_bytes
from segue_operator.kinds.objects import Key, Kind, Manifest
from segue_operator.reconcile.plans import Observed, Plan, PlannedEvent

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 60.0
"""How long the server may fail over a child (5xx, no answer) before the resource's status says so."""


@dataclass
class Execution:
    """What the cluster refused. If anything was, status and events are not written: the plan did not know."""

    problems: dict[Key, str] = field(default_factory=dict)
    missing_kinds: set[Kind] = field(default_factory=set)
    is_namespace_terminating: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether the whole plan was executed."""
        return not (self.problems or self.missing_kinds or self.is_namespace_terminating)


class Executor:
    """Writes plans to a cluster."""

    def __init__(self, cluster: Cluster, clock: Callable[[], float] = time.monotonic) -> None:
        self._cluster = cluster
        self._clock = clock
        self._unavailable_since: dict[Key, float] = {}
        """When the server first failed over a child that it still fails over."""

    async def execute(self, resource: Manifest, plan: Plan, observed: Observed) -> Execution:
        """Delete, create and apply; if the cluster accepted it all, write the status, then the events.

        Parameters
        ----------
        resource
            The parent that the plan is for.
        plan
            What to write.
        observed
            What the plan was made from. Children that the cluster refused, or whose kind it does not serve, are left
            out; in a namespace that is being deleted, all are.

        Raises
        ------
        ClusterError
            The cluster is unavailable, or has changed since it was observed: observe and plan again.
        """
        execution = await self._write_children(plan, observed, resource["metadata"]["uid"])
        if execution.is_complete:
            if plan.status is not None:
                await self._cluster.apply_status(Key.of(resource), plan.status)
            for event in plan.events:
                await self._record(resource, event)
        return execution

    async def execute_shared(self, plan: Plan, observed: Observed) -> Execution:
        """Delete and apply what several resources share: the plan has no status, no events, and creates nothing.

        Raises
        ------
        ClusterError
            As `execute`.
        """
        return await self._write_children(plan, observed, "")

    async def _write_children(self, plan: Plan, observed: Observed, parent_uid: str) -> Execution:
        execution = Execution()
        for key in plan.delete:
            await self._cluster.delete(key)
        for manifest in plan.create:
            await self._write(manifest, lambda child: self._create(child, parent_uid), observed, execution)
        for manifest in plan.apply:
            await self._write(manifest, self._cluster.apply, observed, execution)
        return execution

    async def _write(
        self,
        manifest: Manifest,
        write: Callable[[Manifest], Awaitable[object]],
        observed: Observed,
        execution: Execution,
    ) -> None:
        key = Key.of(manifest)
        if observed.is_namespace_terminating or key in observed.problems or key.kind in observed.missing_kinds:
            return
        try:
            await write(manifest)
        except NamespaceTerminatingError:
            execution.is_namespace_terminating = True
        except InvalidError as error:
            execution.problems[key] = str(error)
        except UnavailableError as error:
            if self._clock() - self._unavailable_since.setdefault(key, self._clock()) < PATIENCE_SECONDS:
                raise
            execution.problems[key] = str(error)
            return
        except KindMissingError:
            execution.missing_kinds.add(key.kind)
        self._unavailable_since.pop(key, None)

    async def _create(self, manifest: Manifest, parent_uid: str) -> None:
        try:
            await self._cluster.create(manifest)
        except AlreadyExistsError:
            key = Key.of(manifest)
            existing = await self._cluster.get(key)
            if existing is None or controller_uid(existing) != parent_uid:
                # The next observation shows who owns the name; this plan's status would claim that we do.
                raise ConflictError(f"{key} appeared while it was being created") from None

    async def _record(self, resource: Manifest, event: PlannedEvent) -> None:
        try:
            await self._cluster.create_event(
                resource, type_=event.type, reason=event.reason, message=shorten_bytes(event.message)
            )
        except ClusterError as error:
            # The status says the same and is written: failing here would only repeat the pass.
            logger.warning("lost event %s of %s: %s", event.reason, Key.of(resource), error)
