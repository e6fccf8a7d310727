"""The controller: watches wake keys, workers read, plan and execute.

Level-triggered: an event says only *look at this resource*; everything else is read anew. So a lost, late or repeated
event, a second controller and a restart at any point lead to the same state.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Generic, TypeVar

from segue_operator.api.objects import Key, Kind, Manifest
from segue_operator.controller.cluster import (
    Cluster,
    ClusterError,
    ConflictError,
    KindMissingError,
    NotFoundError,
    UnavailableError,
)
from segue_operator.controller.executor import Execution, Executor
from segue_operator.controller.metrics import ControllerMetrics
from segue_operator.controller.queue import WorkQueue, retry_seconds
from segue_operator.controller.wakeups import Wakeups
from segue_operator.reconcile.model import Interests, Observed, Plan
from segue_operator.reconcile.observe import jobs_lose_pods

logger = logging.getLogger(__name__)

ConfigT = TypeVar("ConfigT")

REFUSED_RETRY_SECONDS = 600.0
MISSING_KIND_RETRY_SECONDS = 60.0


@dataclass(frozen=True)
class Timing:
    """How often the controller looks again by itself; in seconds."""

    resync: float = 300.0
    refused_retry: float = REFUSED_RETRY_SECONDS
    missing_kind_retry: float = MISSING_KIND_RETRY_SECONDS


@dataclass
class _Refusals:
    """What the cluster refused of one resource's children, for one generation of it and for a while."""

    generation: int
    until: float
    problems: dict[Key, str] = field(default_factory=dict)


class Controller(Generic[ConfigT]):
    """Keeps the children and the status of Segue's resources as `plan` says.

    Parameters
    ----------
    cluster
        Where to read and write.
    config
        Handed to ``plan`` and ``interests`` as it is.
    plan, interests
        The decisions: pure functions.
    clock
        The time that is handed to ``plan``; the controller's own delays follow the event loop.
    workers
        How many resources are worked on at once.
    """

    def __init__(
        self,
        cluster: Cluster,
        config: ConfigT,
        *,
        plan: Callable[[Manifest, Observed, datetime, ConfigT], Plan],
        interests: Callable[[Manifest, ConfigT], Interests],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        workers: int = 4,
        timing: Timing = Timing(),
        metrics: ControllerMetrics | None = None,
        uniform: Callable[[], float] = random.random,
    ) -> None:
        self._cluster = cluster
        self._config = config
        self._plan = plan
        self._interests = interests
        self._clock = clock
        self._workers = workers
        self._timing = timing
        self._metrics = metrics
        self._uniform = uniform
        self._executor = Executor(cluster)
        self._queue: WorkQueue[Key] = WorkQueue(random=uniform, metrics=metrics)
        self._wakeups = Wakeups()
        self._refusals: dict[Key, _Refusals] = {}
        self._ending: dict[Key, str] = {}
        """Resources, by their uids, whose namespaces are being deleted: there is no way back."""

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits for a worker and none is at work."""
        return self._queue.is_idle

    async def run(self) -> None:
        """Watch and work until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for kind in Kind:
                    tasks.create_task(self._watch(kind), name=f"watch {kind}")
                for number in range(self._workers):
                    tasks.create_task(self._work(), name=f"worker {number}")
        finally:
            self._queue.close()

    # ------------------------------------------------------------------------------------------------ watching

    async def _watch(self, kind: Kind) -> None:
        failures = 0
        while True:
            try:
                async for event in self._cluster.watch([kind]):
                    failures = 0
                    if self._metrics:
                        self._metrics.watch_event(kind)
                    for key in self._wakeups.of(event):
                        self._queue.add(key)
                message = "it ended"
            except KindMissingError as error:
                logger.warning("cannot watch %s: %s", kind, error)
                await asyncio.sleep(self._timing.missing_kind_retry)
                continue
            except ClusterError as error:
                message = str(error)
            failures += 1
            logger.warning("the watch of %s starts anew: %s", kind, message)
            await asyncio.sleep(retry_seconds(failures, self._uniform))
            for key in self._wakeups.resources:  # what was deleted meanwhile is in no replay
                self._queue.add(key)

    # ------------------------------------------------------------------------------------------------- working

    async def _work(self) -> None:
        while True:
            key = await self._queue.get()
            started = time.perf_counter()
            result = "done"
            try:
                delay = await self._pass(key)
            except ClusterError as error:
                result = type(error).__name__
                self._retry(key, error)
            except Exception:
                result = "Bug"
                seconds = self._queue.add_failed(key)
                logger.exception("%s cannot be planned; the next try is in %.0f s", key, seconds)
            else:
                self._queue.forget(key)
                if delay is not None:
                    self._queue.add_after(key, delay)
            finally:
                self._queue.done(key)
            if self._metrics:
                self._metrics.reconciled(key.kind, result, time.perf_counter() - started)

    def _retry(self, key: Key, error: ClusterError) -> None:
        patience = error.retry_after_seconds if isinstance(error, UnavailableError) else None
        seconds = self._queue.add_failed(
            key,
            first_at_once=isinstance(error, ConflictError | NotFoundError),
            at_least_seconds=patience or 0.0,
        )
        logger.warning("%s: %s; the next try is in %.1f s", key, error, seconds)

    async def _pass(self, key: Key) -> float | None:
        """One look at a resource; returns after how many seconds to look again."""
        resource = await self._cluster.get(key)
        if resource is None:
            self._refusals.pop(key, None)
            self._ending.pop(key, None)
            return None
        observed = await self._observe(resource, self._refused(key, resource))
        while True:
            plan = self._plan(resource, observed, self._clock(), self._config)
            if observed.is_namespace_terminating:
                self._note_end(key, resource, plan)
            execution = await self._executor.execute(resource, plan, observed)
            if execution.is_complete:
                return self._next_look(key, plan, observed)
            # Plan again with what was refused: the status is to say so. Ends, as nothing is refused twice.
            observed = self._with_refusals(key, resource, observed, execution)

    def _next_look(self, key: Key, plan: Plan, observed: Observed) -> float:
        delays = [self._timing.resync * (0.8 + 0.4 * self._uniform())]
        if plan.requeue_after_seconds is not None:
            delays.append(max(0.05, plan.requeue_after_seconds))
        if observed.missing_kinds:
            delays.append(self._timing.missing_kind_retry)
        refusals = self._refusals.get(key)
        if refusals:
            delays.append(max(0.05, refusals.until - time.monotonic()))
        return min(delays)

    def _note_end(self, key: Key, resource: Manifest, plan: Plan) -> None:
        self._ending[key] = resource["metadata"]["uid"]
        if plan.delete:
            logger.info("%s: its namespace is being deleted, so %s goes", key, ", ".join(map(str, plan.delete)))

    # ----------------------------------------------------------------------------------------------- observing

    async def _observe(self, resource: Manifest, problems: dict[Key, str]) -> Observed:
        interests = self._interests(resource, self._config)
        objects: dict[Key, Manifest] = {}
        missing: set[Kind] = set()
        for key in interests.keys:
            try:
                found = await self._cluster.get(key)
            except KindMissingError:
                missing.add(key.kind)
                continue
            if found is not None:
                objects[key] = found
        pods: list[Manifest] = []
        if interests.pod_labels:
            pods = await self._cluster.list(Kind.POD, Key.of(resource).namespace, interests.pod_labels)
        ends = await self._is_ending(resource, objects.values(), pods)
        return Observed(objects, tuple(pods), frozenset(missing), problems, is_namespace_terminating=ends)

    async def _is_ending(self, resource: Manifest, objects: Iterable[Manifest], pods: Iterable[Manifest]) -> bool:
        key = Key.of(resource)
        if self._ending.get(key) == resource["metadata"]["uid"]:
            return True
        return jobs_lose_pods(objects, pods) and await self._cluster.is_terminating(key.namespace)

    def _refused(self, key: Key, resource: Manifest) -> dict[Key, str]:
        refusals = self._refusals.get(key)
        if refusals is None:
            return {}
        if refusals.generation != _generation(resource) or time.monotonic() >= refusals.until:
            del self._refusals[key]
            return {}
        return dict(refusals.problems)

    def _with_refusals(self, key: Key, resource: Manifest, observed: Observed, execution: Execution) -> Observed:
        for child, message in execution.problems.items():
            logger.warning("%s: the cluster refused %s: %s", key, child, message)
        problems = {**observed.problems, **execution.problems}
        if problems:
            until = time.monotonic() + self._timing.refused_retry
            self._refusals[key] = _Refusals(_generation(resource), until, problems)
        return replace(
            observed,
            missing_kinds=observed.missing_kinds | execution.missing_kinds,
            problems=problems,
            is_namespace_terminating=observed.is_namespace_terminating or execution.is_namespace_terminating,
        )


def _generation(resource: Manifest) -> int:
    return int(resource["metadata"].get("generation", 0))
