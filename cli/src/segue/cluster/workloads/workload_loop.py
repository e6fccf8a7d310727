"""The loop that runs the workload controllers over the store, woken by its changes."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

from segue.cluster.api_server.object_store import ObjectStore
from segue.cluster.workloads.changes import Changes
from segue.cluster.workloads.deployment import reconcile_deployment
from segue.cluster.workloads.job import reconcile_job
from segue.cluster.workloads.spark_application import reconcile_spark_application
from segue_core.contract.backoff import Backoff
from segue_operator.controller.cluster import AlreadyExistsError, ClusterError, WatchEvent
from segue_operator.controller.queue import WorkQueue
from segue_operator.kinds.objects import Key, Kind, Manifest

logger = logging.getLogger(__name__)

WORKLOAD_KINDS = (Kind.JOB, Kind.DEPLOYMENT, Kind.SPARK_APPLICATION)


class WorkloadLoop:
    """Keeps pods and status of every Job, Deployment and SparkApplication of a store.

    Parameters
    ----------
    store
        Where they are.
    backoff
        Wait before a Job replaces a failed pod.
    """

    def __init__(self, store: ObjectStore, *, backoff: Backoff) -> None:
        self._store = store
        self._backoff = backoff
        self._queue: WorkQueue[Key] = WorkQueue(random=random.random)

    async def run(self) -> None:
        """Work until cancelled."""
        unsubscribe = self._store.subscribe(self._on_event)
        try:
            for kind in WORKLOAD_KINDS:
                for workload in self._store.select(kind):
                    self._queue.add(Key.of(workload))
            while True:
                await self._work(await self._queue.get())
        finally:
            unsubscribe()
            self._queue.close()

    def _on_event(self, event: WatchEvent) -> None:
        key = Key.of(event.object)
        if key.kind in WORKLOAD_KINDS:
            self._queue.add(key)
        elif key.kind is Kind.POD:
            for reference in event.object["metadata"].get("ownerReferences") or ():
                if reference["kind"] in WORKLOAD_KINDS:
                    self._queue.add(Key(Kind(reference["kind"]), key.namespace, reference["name"]))

    async def _work(self, key: Key) -> None:
        try:
            changes = self._step(key)
        except (ClusterError, OSError) as error:
            logger.error("%s: %s; trying again", key, error)  # noqa: TRY400 - a full disk, no defect
            self._queue.add_failed(key)
        except Exception:
            logger.exception("%s cannot be run; trying again", key)
            self._queue.add_failed(key)
        else:
            self._queue.forget(key)
            if changes.look_again_seconds is not None:
                self._queue.add_after(key, changes.look_again_seconds + 0.01)
        finally:
            self._queue.done(key)
        await asyncio.sleep(0)

    def _step(self, key: Key) -> Changes:
        workload = self._store.get(key)
        if workload is None:
            return Changes()
        changes = self._reconcile(key.kind, workload, self._store.owned(Kind.POD, workload))
        for pod in changes.delete:
            self._store.delete(pod)
        for manifest in changes.create:
            # A driver's name is fixed, and one of that name may still be ending: its end wakes this workload again.
            with suppress(AlreadyExistsError):
                self._store.create(manifest)
        if changes.status is not None:
            self._store.set_status(key, changes.status)
        return changes

    def _reconcile(self, kind: Kind, workload: Manifest, pods: Sequence[Manifest]) -> Changes:
        if kind is Kind.JOB:
            return reconcile_job(workload, pods, datetime.now(UTC), self._backoff)
        if kind is Kind.DEPLOYMENT:
            return reconcile_deployment(workload, pods)
        return reconcile_spark_application(workload, pods)
