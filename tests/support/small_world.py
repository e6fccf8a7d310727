"""A cluster without processes: the real workload controllers, and a kubelet whose programs end well at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from segue.cluster.api_server.object_store import ObjectStore
from segue.cluster.kubelet import pod_status
from segue.cluster.local_cluster import LocalCluster
from segue.cluster.pods import is_finished
from segue.cluster.workloads.workload_loop import WorkloadLoop
from segue_core.contract import ExtractSummary, TrainSummary, VerifySummary
from segue_core.contract.backoff import Backoff
from segue_core.contract.termination import Summary
from segue_operator.controller.cluster import WatchEvent
from segue_operator.kinds.objects import Key, Kind, Manifest

SUMMARIES: dict[str, Summary] = {
    "extract": ExtractSummary(listed=5, extracted=5),
    "verify": VerifySummary(listed=10, stored=10, extracted=10),
    "train": TrainSummary(tracks=10, model="fma:1", k=8, promoted=True, decision="first"),
}


class _QuickKubelet:
    """Pods of Jobs and drivers end with their component's summary; those of Deployments run until they are deleted."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._loop = asyncio.get_running_loop()

    def on_event(self, event: WatchEvent) -> None:
        if event.object["kind"] == Kind.POD and event.type != "DELETED":
            self._loop.call_soon(self.advance, Key.of(event.object))

    def advance(self, key: Key) -> None:
        pod = self._store.get(key)
        if pod is None:
            return
        if "deletionTimestamp" in pod["metadata"]:
            self._store.remove(key)
        elif "status" not in pod:
            self._store.set_status(key, pod_status.running(pod, datetime.now(UTC)))
        elif not is_finished(pod) and pod["spec"].get("restartPolicy") == "Never":
            self._store.set_status(key, pod_status.ended(pod, 0, _summary(pod).encode(), datetime.now(UTC)))


def _summary(pod: Manifest) -> Summary:
    return SUMMARIES[pod["metadata"]["labels"]["segue.dev/component"]]


@asynccontextmanager
async def small_world(cluster: LocalCluster) -> AsyncIterator[None]:
    """Run the workloads of a cluster that was entered with ``processes=False``."""
    store = cluster._store
    kubelet = _QuickKubelet(store)
    unsubscribe = store.subscribe(kubelet.on_event)
    for pod in store.select(Kind.POD):
        kubelet.advance(Key.of(pod))
    loop = WorkloadLoop(store, backoff=Backoff(0.01, 0.01))
    task = asyncio.create_task(loop.run())
    try:
        yield
    finally:
        unsubscribe()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
