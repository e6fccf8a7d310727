"""Carrying a plan out, in its order, so that stopping anywhere and starting anew leads to the same end."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from segue_operator.api.constants import MESSAGE_LENGTH
from segue_operator.api.objects import Key, Kind, Manifest
from segue_operator.children.metadata import controller_uid
from segue_operator.controller.cluster import (
    AlreadyExistsError,
    Cluster,
    ClusterError,
    ConflictError,
    InvalidError,
    KindMissingError,
    NamespaceTerminatingError,
)
from segue_operator.reconcile.model import Observed, Plan, PlannedEvent

logger = logging.getLogger(__name__)


@dataclass
class Execution:
    """What the cluster refused for good; status and events are not written then: the plan was made without it."""

    problems: dict[Key, str] = field(default_factory=dict)
    missing_kinds: set[Kind] = field(default_factory=set)
    is_namespace_terminating: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether the whole plan was carried out."""
        return not (self.problems or self.missing_kinds or self.is_namespace_terminating)


def cut(message: str, size: int = MESSAGE_LENGTH) -> str:
    """The message in at most ``size`` bytes of UTF-8."""
    encoded = message.encode()
    if len(encoded) <= size:
        return message
    return encoded[: size - len("…".encode())].decode(errors="ignore") + "…"


class Executor:
    """Writes plans to a cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    async def execute(self, resource: Manifest, plan: Plan, observed: Observed) -> Execution:
        """Delete, create, apply; then, if the cluster took all that, write the status and after it the events.

        Parameters
        ----------
        resource
            The parent that the plan is for.
        plan
            What to write.
        observed
            What the plan was made from: children that the cluster refused, or whose kind it lacks, are left out, and
            in a namespace that is being deleted all of them.

        Raises
        ------
        ClusterError
            The cluster is unavailable, or the world has changed since it was observed: look again and plan anew.
        """
        execution = Execution()
        for key in plan.delete:
            await self._cluster.delete(key)
        for manifest in plan.create:
            await self._write(manifest, lambda child: self._create(resource, child), observed, execution)
        for manifest in plan.apply:
            await self._write(manifest, self._cluster.apply, observed, execution)
        if execution.is_complete:
            if plan.status is not None:
                await self._cluster.apply_status(Key.of(resource), plan.status)
            for event in plan.events:
                await self._record(resource, event)
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
        except KindMissingError:
            execution.missing_kinds.add(key.kind)

    async def _create(self, resource: Manifest, manifest: Manifest) -> None:
        try:
            await self._cluster.create(manifest)
        except AlreadyExistsError:
            key = Key.of(manifest)
            existing = await self._cluster.get(key)
            if existing is None or controller_uid(existing) != resource["metadata"]["uid"]:
                # The next observation shows who has the name; this plan's status would claim that it is ours.
                raise ConflictError(f"{key} appeared while it was being created") from None

    async def _record(self, resource: Manifest, event: PlannedEvent) -> None:
        try:
            await self._cluster.create_event(
                resource, type_=event.type, reason=event.reason, message=cut(event.message)
            )
        except ClusterError as error:
            # The status tells the same and is written: failing here would only repeat the pass.
            logger.warning("event %s of %s is lost: %s", event.reason, Key.of(resource), error)
