"""The controller: watches wake keys, workers read, plan and execute.

Level-triggered: an event only says *look at this resource*, and each pass reads everything again. So lost, late and
repeated events, a second controller and a restart at any point lead to the same state.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Generic, TypeVar

from segue_core.contract.backoff import Backoff
from segue_operator.controller.cluster import (
    Cluster,
    ClusterError,
    ConflictError,
    KindMissingError,
    NotFoundError,
    UnavailableError,
    WatchEvent,
)
from segue_operator.controller.executor import Execution, Executor
from segue_operator.controller.queue import RETRY_BACKOFF, WorkQueue
from segue_operator.controller.reconcile_metrics import DONE, ControllerMetrics
from segue_operator.controller.refusals import REFUSED_BACKOFF, Refusals
from segue_operator.controller.shared_sinks import PlanSink, ReadLag, SharedSinks
from segue_operator.controller.wakeups import Wakeups
from segue_operator.kinds.objects import OWN_KINDS, Key, Kind, Manifest
from segue_operator.reconcile.observe import jobs_lose_pods
from segue_operator.reconcile.plans import Interests, Observed, Plan

logger = logging.getLogger(__name__)

ConfigT = TypeVar("ConfigT")

MISSING_KIND_RETRY_SECONDS = 60.0


@dataclass(frozen=True)
class Timing:
    """How often the controller looks again without an event; in seconds."""

    resync: float = 300.0
    refused: Backoff = REFUSED_BACKOFF
    """Before a child that the cluster refused is tried again."""
    missing_kind_retry: float = MISSING_KIND_RETRY_SECONDS
    backoff: Backoff = RETRY_BACKOFF
    """After failures of a resource's passes, and of a watch."""


class Controller(Generic[ConfigT]):
    """Keeps children and status of Segue's resources as `plan` wants them.

    Parameters
    ----------
    cluster
        Where to read and write.
    config
        Passed on to ``plan``.
    plan, interests, plan_sink
        The decisions, as pure functions.
    read_lag
        How many records wait for a sink; see `SharedSinks`.
    clock
        The time passed to ``plan``; the controller's own delays use the event loop's.
    workers
        How many resources to reconcile at the same time.
    """

    def __init__(
        self,
        cluster: Cluster,
        config: ConfigT,
        *,
        plan: Callable[[Manifest, Observed, datetime, ConfigT], Plan],
        interests: Callable[[Manifest], Interests],
        plan_sink: PlanSink[ConfigT],
        read_lag: ReadLag | None = None,
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
        self._queue: WorkQueue[Key] = WorkQueue(random=uniform, metrics=metrics, backoff=timing.backoff)
        self._wakeups = Wakeups()
        self._queue_turn = asyncio.Lock()
        """Held while a resource looks at others and acts, so that two never take the same place or train at once."""
        self._refusals = Refusals(timing.refused, uniform)
        self._sinks = SharedSinks(
            cluster, self._executor, self._refusals, config=config, plan=plan_sink, read_lag=read_lag
        )
        self._ending: dict[Key, str] = {}
        """Resources, with their UIDs, whose namespaces are being deleted, which cannot be undone."""

    @property
    def is_idle(self) -> bool:
        """Whether no key is waiting or being processed."""
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
                    for key in self._woken_by(event):
                        self._queue.add(key)
                message = "it ended"
            except KindMissingError as error:
                logger.warning("cannot watch %s: %s", kind, error)
                await asyncio.sleep(self._timing.missing_kind_retry)
                continue
            except ClusterError as error:
                message = str(error)
            failures += 1
            logger.warning("restarting the watch of %s: %s", kind, message)
            await asyncio.sleep(self._timing.backoff.pause(failures, self._uniform))
            for key in self._wakeups.resources:  # a replay does not contain what was deleted meanwhile
                self._queue.add(key)

    def _woken_by(self, event: WatchEvent) -> Iterator[Key]:
        yield from self._wakeups.of(event)
        key = Key.of(event.object)
        if event.type == "DELETED" or key.kind is Kind.RESOURCE_QUOTA:  # there may be room now
            yield from self._refusals.retry_in(key.namespace)

    # ------------------------------------------------------------------------------------------------- working

    async def _work(self) -> None:
        while True:
            key = await self._queue.get()
            started = time.perf_counter()
            result = DONE
            try:
                delay = await self._pass(key)
            except ClusterError as error:
                result = type(error).__name__
                self._retry(key, error)
            except Exception:
                result = "Bug"
                seconds = self._queue.add_failed(key)
                logger.exception("cannot plan %s; trying again in %.0f s", key, seconds)
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
        logger.warning("%s: %s; trying again in %.1f s", key, error, seconds)

    async def _pass(self, key: Key) -> float | None:
        """One pass over a resource, or over a namespace's sink; returns the seconds until the next one."""
        if key.kind not in OWN_KINDS:
            delay, news = await self._sinks.reconcile(key)
            for batch in news:
                self._queue.add(batch)
            return delay
        resource = await self._cluster.get(key)
        if resource is None or not self._interests(resource).needs_turn:
            return await self._pass_over(key, resource)
        async with self._queue_turn:  # the resource may have changed while another took its turn
            return await self._pass_over(key, await self._cluster.get(key))

    async def _pass_over(self, key: Key, resource: Manifest | None) -> float | None:
        if resource is None:
            self._refusals.forget(key)
            self._ending.pop(key, None)
            return None
        refused = self._refusals.problems(key, _generation(resource))
        observed = await self._observe(resource, refused | self._sinks.problems(key.namespace))
        while True:
            plan = self._plan(resource, observed, self._clock(), self._config)
            if observed.is_namespace_terminating:
                self._note_end(key, resource, plan)
            execution = await self._executor.execute(resource, plan, observed)
            if execution.is_complete:
                self._refusals.accepted(key)
                return self._next_look(key, plan, observed)
            # Plan again with the refusals, so that the status reports them. This ends: nothing is refused twice.
            observed = self._with_refusals(key, resource, observed, execution)

    def _next_look(self, key: Key, plan: Plan, observed: Observed) -> float:
        delays = [self._timing.resync * (0.8 + 0.4 * self._uniform())]
        if plan.requeue_after_seconds is not None:
            delays.append(max(0.05, plan.requeue_after_seconds))
        if observed.missing_kinds:
            delays.append(self._timing.missing_kind_retry)
        refused = self._refusals.seconds_left(key)
        if refused is not None:
            delays.append(max(0.05, refused))
        return min(delays)

    def _note_end(self, key: Key, resource: Manifest, plan: Plan) -> None:
        self._ending[key] = resource["metadata"]["uid"]
        if plan.delete:
            logger.info("%s: its namespace is being deleted, deleting %s", key, ", ".join(map(str, plan.delete)))

    # ----------------------------------------------------------------------------------------------- observing

    async def _observe(self, resource: Manifest, problems: dict[Key, str]) -> Observed:
        interests = self._interests(resource)
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
        namespace = Key.of(resource).namespace
        pods = [pod for labels in interests.pod_labels for pod in await self._cluster.list(Kind.POD, namespace, labels)]
        batches = await self._cluster.list(Kind.TRACK_BATCH) if interests.needs_turn else []
        runs = await self._cluster.list(Kind.TRAINING_RUN) if interests.needs_catalogue else []
        ends = await self._is_ending(resource, objects.values(), pods)
        return Observed(
            objects,
            tuple(pods),
            tuple(batches),
            tuple(runs),
            frozenset(missing),
            problems,
            is_namespace_terminating=ends,
        )

    async def _is_ending(self, resource: Manifest, objects: Iterable[Manifest], pods: Iterable[Manifest]) -> bool:
        key = Key.of(resource)
        if self._ending.get(key) == resource["metadata"]["uid"]:
            return True
        return jobs_lose_pods(objects, pods) and await self._cluster.is_terminating(key.namespace)

    def _with_refusals(self, key: Key, resource: Manifest, observed: Observed, execution: Execution) -> Observed:
        for child, message in execution.problems.items():
            logger.warning("%s: the cluster refused %s: %s", key, child, message)
        problems = {**observed.problems, **execution.problems}
        if execution.problems:
            self._refusals.note(key, _generation(resource), execution.problems)
        return replace(
            observed,
            missing_kinds=observed.missing_kinds | execution.missing_kinds,
            problems=problems,
            is_namespace_terminating=observed.is_namespace_terminating or execution.is_namespace_terminating,
        )


def _generation(resource: Manifest) -> int:
    return int(resource["metadata"].get("generation", 0))
