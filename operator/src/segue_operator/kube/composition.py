"""The composition root: from settings to a running operator."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import GC_COLLECTOR, PLATFORM_COLLECTOR, PROCESS_COLLECTOR, CollectorRegistry

from segue_core.contract.backoff import Backoff
from segue_operator.children.config import ChildConfig
from segue_operator.controller.cluster import Cluster, ClusterError
from segue_operator.controller.controller import Controller, Timing
from segue_operator.kinds.conditions import is_finished
from segue_operator.kinds.constants import FIELD_MANAGER
from segue_operator.kinds.objects import OWN_KINDS, Kind, Manifest
from segue_operator.kube.access import connection_info, load_configuration
from segue_operator.kube.audit import GRACE_SECONDS, Auditor
from segue_operator.kube.client import Client
from segue_operator.kube.health import HEARTBEAT_SECONDS, Health, serving
from segue_operator.kube.intake import Intake
from segue_operator.kube.kubernetes_cluster import KubernetesCluster
from segue_operator.kube.mirror import Mirror
from segue_operator.kube.operator_metrics import KubeMetrics
from segue_operator.kube.operator_settings import Settings
from segue_operator.kube.resource_gauges import ResourceCollector
from segue_operator.kube.schema import check_served
from segue_operator.kube.sink_lag import read_lag
from segue_operator.kube.watches import Watches
from segue_operator.reconcile.dispatch import interests, plan
from segue_operator.reconcile.sink_plan import plan_sink

logger = logging.getLogger(__name__)

_START_BACKOFF = Backoff(first_seconds=1.0, longest_seconds=30.0, jitter=0.2)


@dataclass(frozen=True)
class Pace:
    """How often the operator checks on its own; in seconds."""

    kinds: float = 60.0
    """Which kinds the API server serves."""
    audit_grace: float = GRACE_SECONDS


class Operator:
    """The operator: everything between the settings and the controller."""

    def __init__(self, settings: Settings, pace: Pace = Pace()) -> None:
        self._settings = settings
        self._pace = pace
        self._registry = CollectorRegistry()
        for collector in (PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
            self._registry.register(collector)
        self._metrics = KubeMetrics(self._registry)
        self._metrics.build(_version())
        self._health = Health()
        self._mirror = Mirror()
        self._mirror.observe(self._count_ends)
        self._registry.register(
            ResourceCollector(
                self._resources,
                self._mirror.ages,
                lambda: self._health.is_ready,
                active_batches=settings.children.active_batches,
            )
        )

    def _resources(self) -> Iterator[Manifest]:
        return (resource for kind in OWN_KINDS for resource in self._mirror.each(kind))

    def _count_ends(self, before: Manifest | None, after: Manifest | None) -> None:
        if before is None or after is None or after["kind"] not in OWN_KINDS:
            return
        if is_finished(after) and not is_finished(before):
            self._metrics.finished(after)

    async def run(self) -> None:
        """Work until cancelled.

        Raises
        ------
        AccessError
            The environment gives no access to a cluster.
        SchemaError
            The cluster lacks this version's CRDs.
        OSError
            The HTTP port is in use.
        """
        settings = self._settings
        configuration = await load_configuration()
        async with asyncio.TaskGroup() as tasks:
            beating = tasks.create_task(self._beat(), name="heartbeat")
            async with serving(self._health, self._registry, settings.http_port) as port:
                logger.info("starting segue-operator %s", _version(), extra=settings.describe() | {"http_port": port})
                try:
                    async with Client(configuration, self._metrics.api_request) as client:
                        await self._work(client)
                finally:
                    beating.cancel()

    def cluster(self, client: Client) -> Cluster:
        """The cluster that the controller works with."""
        return KubernetesCluster(client, self._mirror, instance=os.environ.get("HOSTNAME", FIELD_MANAGER))

    async def _work(self, client: Client) -> None:
        settings = self._settings
        intake = Intake(client, self._mirror)
        auditor = Auditor(
            client,
            self._mirror,
            settings.namespaces,
            self._metrics,
            intake=intake,
            grace_seconds=self._pace.audit_grace,
        )
        await self._patiently("the CRDs", lambda: check_served(client))
        await self._patiently("the API server's kinds", auditor.find_kinds)
        await self._patiently("the first lists", auditor.fill)
        controller: Controller[ChildConfig] = Controller(
            self.cluster(client),
            settings.children,
            plan=plan,
            interests=interests,
            plan_sink=plan_sink,
            read_lag=read_lag,
            workers=settings.workers,
            timing=Timing(resync=float(settings.resync_seconds), missing_kind_retry=self._pace.kinds),
            metrics=self._metrics,
        )
        self._health.ready()
        logger.info("segue-operator is ready")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(controller.run(), name="controller")
            tasks.create_task(self._watch(auditor, intake), name="watches")
            tasks.create_task(self._audit(auditor), name="audits")

    async def _patiently(self, what: str, ask: Callable[[], Awaitable[object]]) -> None:
        """Repeat until it succeeds: the cluster may start more slowly than its operator."""
        self._health.wait_for(what)
        failures = 0
        while True:
            try:
                await ask()
            except ClusterError as error:
                failures += 1
                seconds = _START_BACKOFF.pause(failures)
                self._health.wait_for(f"{what}: {error}")
                logger.warning("waiting for %s: %s; trying again in %.0f s", what, error, seconds)
                await asyncio.sleep(seconds)
            else:
                return

    async def _watch(self, auditor: Auditor, intake: Intake) -> None:
        watches = Watches(self._settings.namespaces, intake.take, connection_info)
        kinds = frozenset(kind for kind in Kind if self._mirror.serves(kind))
        while True:
            missing = sorted(set(Kind) - kinds)
            if missing:
                logger.warning("the API server does not serve %s yet: checking again", ", ".join(missing))
            watching = asyncio.create_task(watches.run(kinds), name="kopf")
            try:
                kinds = await self._other_kinds(auditor, kinds)
                await self._patiently_fill(auditor)
            finally:
                watching.cancel()
                await asyncio.wait([watching])  # unlike awaiting the task, this does not hide that we are cancelled too

    async def _other_kinds(self, auditor: Auditor, kinds: frozenset[Kind]) -> frozenset[Kind]:
        """Wait until the API server serves other kinds than these."""
        while True:
            await asyncio.sleep(self._pace.kinds)
            try:
                found = await auditor.find_kinds()
            except ClusterError as error:
                logger.warning("cannot find out which kinds the API server serves: %s", error)
                continue
            if found != kinds:
                return found

    async def _patiently_fill(self, auditor: Auditor) -> None:
        with suppress(ClusterError):  # the next audit tries again
            await auditor.fill()

    async def _audit(self, auditor: Auditor) -> None:
        while True:
            await asyncio.sleep(self._settings.resync_seconds)
            await auditor.audit()

    async def _beat(self) -> None:
        while True:
            self._health.beat()
            self._metrics.beat()
            await asyncio.sleep(HEARTBEAT_SECONDS)


def _version() -> str:
    try:
        return version("segue-operator")
    except PackageNotFoundError:
        return "unknown"
