"""One pass over a namespace's sink, which belongs to no resource alone."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Generic, TypeVar

from segue_operator.children.sink_deployment import SINK_PODS, sink_key
from segue_operator.controller.cluster import Cluster
from segue_operator.controller.executor import Executor
from segue_operator.controller.refusals import Refusals
from segue_operator.kinds.constants import Component, Label
from segue_operator.kinds.objects import Key, Kind, Manifest
from segue_operator.reconcile.observe import observe_pod
from segue_operator.reconcile.plans import Observed, Plan

logger = logging.getLogger(__name__)

ConfigT = TypeVar("ConfigT")
PlanSink = Callable[[Key, Observed, int | None, ConfigT], Plan]
ReadLag = Callable[[Sequence[Manifest]], Awaitable[int | None]]
"""Asks running pods of a sink how many records wait for them; None if not all of them answer."""

LAG_SECONDS = 10.0
"""How long an answer about the lag counts: batches wake their sink more often than that."""
_GENERATION = 0
"""A sink has no spec of its own that could change."""


class SharedSinks(Generic[ConfigT]):
    """Keeps the sink of each namespace as its plan wants it.

    Parameters
    ----------
    plan
        The decision, as a pure function.
    refusals
        When to try again what the cluster refused.
    read_lag
        None: nobody knows how many records wait, and no sink grows.
    """

    def __init__(
        self,
        cluster: Cluster,
        executor: Executor,
        refusals: Refusals,
        *,
        config: ConfigT,
        plan: PlanSink[ConfigT],
        read_lag: ReadLag | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cluster = cluster
        self._executor = executor
        self._refusals = refusals
        self._config = config
        self._plan = plan
        self._read_lag = read_lag
        self._clock = clock
        self._lags: dict[Key, tuple[float, int | None]] = {}
        self._problems: dict[Key, dict[Key, str]] = {}
        """What the last pass over each sink was refused; it stands until the next one, whatever is tried meanwhile."""

    def problems(self, namespace: str) -> dict[Key, str]:
        """What the cluster refused of a namespace's sink."""
        return self._problems.get(sink_key(namespace), {})

    async def reconcile(self, key: Key) -> tuple[float | None, Iterable[Key]]:
        """One pass over a sink; returns the seconds until the next one, and the batches that have news of it.

        Raises
        ------
        ClusterError
            As `Executor.execute`.
        """
        refused = self._refusals.problems(key, _GENERATION)
        observed = await self._observe(key, refused)
        plan = self._plan(key, observed, await self._lag(key, observed), self._config)
        execution = await self._executor.execute_shared(plan, observed)
        for child, message in execution.problems.items():
            logger.warning("the cluster refused %s: %s", child, message)
        if execution.problems:
            self._refusals.note(key, _GENERATION, execution.problems)
        else:
            self._refusals.accepted(key)
        is_news = self._remember(key, refused | execution.problems)
        delays = (plan.requeue_after_seconds, self._refusals.seconds_left(key))
        next_look = min((delay for delay in delays if delay is not None), default=None)
        return next_look, map(Key.of, observed.batches) if is_news else ()

    def _remember(self, key: Key, problems: dict[Key, str]) -> bool:
        """Note what is refused by now; return whether that has changed."""
        before = self._problems.pop(key, {})
        if problems:
            self._problems[key] = problems
        return problems != before

    async def _observe(self, key: Key, problems: dict[Key, str]) -> Observed:
        batches = await self._cluster.list(Kind.TRACK_BATCH, key.namespace)
        labels = {str(Label.COMPONENT): str(Component.SINK)}
        sinks = {Key.of(found): found for found in await self._cluster.list(Kind.DEPLOYMENT, key.namespace, labels)}
        named = await self._cluster.get(key)  # which need not have a label of ours
        if named is not None:
            sinks[key] = named
        return Observed(sinks, batches=tuple(batches), problems=problems)

    async def _lag(self, key: Key, observed: Observed) -> int | None:
        if self._read_lag is None or key not in observed.objects:
            return None
        asked_at, lag = self._lags.get(key, (float("-inf"), None))
        if self._clock() - asked_at >= LAG_SECONDS:
            pods = await self._cluster.list(Kind.POD, key.namespace, SINK_PODS)
            lag = await self._read_lag([pod for pod in pods if observe_pod(pod).is_at_work])
            self._lags[key] = self._clock(), lag
        return lag
