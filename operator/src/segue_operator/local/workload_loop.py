"""The loop that runs the workload controllers over the store, woken by its changes."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from datetime import datetime

from segue_operator.api.objects import Key, Kind, Manifest
from segue_operator.controller.cluster import AlreadyExistsError, ClusterError, NotFoundError, WatchEvent
from segue_operator.controller.queue import WorkQueue
from segue_operator.local.store import ObjectStore
from segue_operator.local.workloads.deployment import reconcile_deployment
from segue_operator.local.workloads.job import reconcile_job
from segue_operator.local.workloads.pods import BackOff, Outcome
from segue_operator.local.workloads.spark_application import reconcile_spark_application

logger = logging.getLogger(__name__)

WORKLOAD_KINDS = (Kind.JOB, Kind.DEPLOYMENT, Kind.SPARK_APPLICATION)


class WorkloadLoop:
    """Keeps pods and status of every Job, Deployment and SparkApplication of a store.

    Parameters
    ----------
    store
        Where they are.
    clock
        The time that the controllers are told.
    back_off
        Wait before a Job replaces a failed pod.
    """

    def __init__(self, store: ObjectStore, *, clock: Callable[[], datetime], back_off: BackOff) -> None:
        self._store = store
        self._clock = clock
        self._back_off = back_off
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
            outcome = self._step(key)
        except (ClusterError, OSError) as error:
            logger.error("%s: %s; it is tried again", key, error)  # noqa: TRY400 - a full disk, no defect
            self._queue.add_failed(key)
        except Exception:
            logger.exception("%s cannot be run; it is tried again", key)
            self._queue.add_failed(key)
        else:
            self._queue.forget(key)
            if outcome.look_again_seconds is not None:
                self._queue.add_after(key, outcome.look_again_seconds + 0.01)
        finally:
            self._queue.done(key)
        await asyncio.sleep(0)

    def _step(self, key: Key) -> Outcome:
        workload = self._store.get(key)
        if workload is None or "deletionTimestamp" in workload["metadata"]:
            return Outcome()
        pods = self._store.owned(Kind.POD, workload)
        outcome = self._reconcile(key.kind, workload, pods)
        for pod in outcome.delete:
            self._store.delete(pod)
        for manifest in outcome.create:
            try:
                self._store.create(manifest)
            except AlreadyExistsError:
                continue  # a pod of a fixed name that is just ending: its end wakes this workload again
        if outcome.status is not None:
            try:
                self._store.set_status(key, outcome.status)
            except NotFoundError:
                return Outcome()
        return outcome

    def _reconcile(self, kind: Kind, workload: Manifest, pods: Sequence[Manifest]) -> Outcome:
        now = self._clock()
        if kind is Kind.JOB:
            return reconcile_job(workload, pods, now, self._back_off)
        if kind is Kind.DEPLOYMENT:
            return reconcile_deployment(workload, pods, now)
        return reconcile_spark_application(workload, pods, now)
