"""The kubelet: runs every pod of the store as a process, and writes what becomes of it to the pod's status."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Callable

from segue.cluster.api_server.object_store import ObjectStore
from segue.cluster.kubelet.launch import Machine
from segue.cluster.kubelet.pod_runner import Directories, PodRunner
from segue.cluster.pods import is_finished, is_terminating
from segue_core.contract.backoff import Backoff
from segue_operator.controller.cluster import WatchEvent
from segue_operator.kinds.objects import Key, Kind, Manifest

logger = logging.getLogger(__name__)


class Kubelet:
    """Runs the pods of a store.

    Parameters
    ----------
    store
        Where pods come from and their status goes to.
    machine
        What their references resolve to.
    directories
        Logs and folders of pods.
    backoff
        Wait before a pod that ended is started again, or one that could not start is tried again.
    """

    def __init__(self, store: ObjectStore, machine: Machine, directories: Directories, *, backoff: Backoff) -> None:
        self._store = store
        self._machine = machine
        self._directories = directories
        self._backoff = backoff
        self._runners: dict[str, tuple[PodRunner, asyncio.Task[None]]] = {}
        self._unsubscribe: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Run the pods that exist, and all that are created later."""
        self._unsubscribe = self._store.subscribe(self._on_event)
        pods = self._store.select(Kind.POD)
        self._sweep({pod["metadata"]["uid"] for pod in pods})
        for pod in pods:
            self._look_at(pod)

    async def stop(self) -> None:
        """End all processes at once, each within its own grace period, and record how they ended."""
        self._unsubscribe()
        for runner, _ in self._runners.values():
            runner.shut_down()
        tasks = [task for _, task in self._runners.values()]
        await asyncio.gather(*tasks, return_exceptions=True)

    def _on_event(self, event: WatchEvent) -> None:
        if event.object["kind"] != Kind.POD:
            return
        if event.type != "DELETED":
            self._look_at(event.object)
        elif event.object["metadata"]["uid"] in self._runners:
            self._runners[event.object["metadata"]["uid"]][0].stop()

    def _look_at(self, pod: Manifest) -> None:
        uid = pod["metadata"]["uid"]
        if uid in self._runners:
            if is_terminating(pod):
                self._runners[uid][0].stop()
            return
        if is_finished(pod) and not is_terminating(pod):
            return
        runner = PodRunner(self._store, self._machine, self._directories, pod, backoff=self._backoff)
        task = asyncio.get_running_loop().create_task(runner.run(), name=f"pod {Key.of(pod)}")
        self._runners[uid] = (runner, task)
        task.add_done_callback(lambda task: self._forget(uid, task))

    def _forget(self, uid: str, task: asyncio.Task[None]) -> None:
        del self._runners[uid]
        if not task.cancelled() and task.exception() is not None:
            logger.error("nothing runs %s any more", task.get_name(), exc_info=task.exception())

    def _sweep(self, uids: set[str]) -> None:
        """Remove the folders of pods that were deleted while no kubelet ran."""
        for folder in self._directories.pods.glob("*"):
            if folder.name not in uids:
                shutil.rmtree(folder, ignore_errors=True)
