"""A Cluster on one machine: API server, workload controllers and kubelet behind the controller's port."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from segue.cluster.api_server.object_files import ObjectFiles
from segue.cluster.api_server.object_store import ObjectStore, Validator
from segue.cluster.kubelet.kubelet import Kubelet
from segue.cluster.kubelet.launch import Machine
from segue.cluster.kubelet.pod_runner import Directories
from segue.cluster.pods import RETRY_BACKOFF
from segue.cluster.workloads.workload_loop import WorkloadLoop
from segue_core.contract.backoff import Backoff
from segue_operator.controller.cluster import UnavailableError, WatchEvent
from segue_operator.kinds.objects import Key, Kind, Manifest

logger = logging.getLogger(__name__)


class LocalCluster:
    """Jobs, Deployments and SparkApplications as processes of this machine, for as long as it is entered.

    Objects and logs stay in the state directory: entered again, the cluster continues where it was.

    Parameters
    ----------
    state_directory
        Objects, logs (``logs/<namespace>/<pod>.log``) and the pods' own folders; one process at a time may enter it.
    volumes
        Folder of each PersistentVolumeClaim.
    secrets
        Values by Secret and key; never written to disk.
    environment
        Variables that replace the pods' own of these names.
    validate
        Checks and defaults objects of Segue's own kinds: ``(new, old)`` to what is stored, or `InvalidError`.
    processes
        Whether to run workloads and pods; without them, this is the API server alone.
    job_backoff, restart_backoff
        Wait before a Job replaces a failed pod, and before a Deployment's pod is started again.
    """

    def __init__(
        self,
        state_directory: Path,
        *,
        volumes: Mapping[str, Path] | None = None,
        secrets: Mapping[str, Mapping[str, str]] | None = None,
        environment: Mapping[str, str] | None = None,
        validate: Validator | None = None,
        processes: bool = True,
        job_backoff: Backoff = RETRY_BACKOFF,
        restart_backoff: Backoff = RETRY_BACKOFF,
    ) -> None:
        self._root = state_directory.absolute()
        self._store = ObjectStore(ObjectFiles(self._root), validate=validate)
        machine = Machine(volumes or {}, secrets or {}, environment or {})
        directories = Directories(logs=self._root / "logs", pods=self._root / "pods")
        self._processes = processes
        self._kubelet = Kubelet(self._store, machine, directories, backoff=restart_backoff)
        self._workloads = WorkloadLoop(self._store, backoff=job_backoff)
        self._loop_task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Continue with what is in the state directory.

        Raises
        ------
        LocalError
            A file in it is damaged.
        """
        self._root.mkdir(parents=True, exist_ok=True)
        self._store.load()
        if self._processes:
            self._kubelet.start()
            self._loop_task = asyncio.get_running_loop().create_task(self._workloads.run(), name="workloads")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all processes, each in its grace period."""
        if self._loop_task is not None:
            self._loop_task.cancel()
            await asyncio.gather(self._loop_task, return_exceptions=True)
            await self._kubelet.stop()

    @property
    def work(self) -> asyncio.Task[None] | None:
        """The task that runs the workloads; it never ends by itself. None without ``processes``."""
        return self._loop_task

    # ------------------------------------------------------------------------------------- the controller's port

    async def get(self, key: Key) -> Manifest | None:
        """Read one object; None if it does not exist."""
        return self._store.get(key)

    async def list(
        self, kind: Kind, namespace: str | None = None, labels: Mapping[str, str] | None = None
    ) -> list[Manifest]:
        """Read all objects of a kind that carry the labels."""
        return self._store.select(kind, namespace, labels)

    async def create(self, manifest: Manifest) -> Manifest:
        """Create an object."""
        with _disk():
            return self._store.create(manifest)

    async def apply(self, manifest: Manifest) -> Manifest:
        """Make an object as the manifest says."""
        with _disk():
            return self._store.apply(manifest)

    async def delete(self, key: Key) -> None:
        """Delete an object and what it owns; its processes end in the background."""
        with _disk():
            self._store.delete(key)

    async def apply_status(self, key: Key, status: Mapping[str, Any]) -> None:
        """Replace an object's status."""
        with _disk():
            self._store.set_status(key, status)

    async def create_event(self, about: Manifest, *, type_: str, reason: str, message: str) -> None:
        """Log an Event: the status of what it is about says the same and is kept."""
        level = logging.WARNING if type_ == "Warning" else logging.INFO
        logger.log(level, "%s: %s: %s", Key.of(about), reason, " ".join(message.splitlines()))

    async def is_terminating(self, namespace: str) -> bool:
        """Whether the namespace is being deleted: none ever is."""
        del namespace
        return False

    async def watch(self, kinds: Collection[Kind]) -> AsyncIterator[WatchEvent]:
        """Existing objects first, then every change, until the iterator is closed."""
        changes: asyncio.Queue[WatchEvent] = asyncio.Queue()

        def keep(event: WatchEvent) -> None:
            if event.object["kind"] in kinds:
                changes.put_nowait(event)

        unsubscribe = self._store.subscribe(keep)
        try:
            for existing in [found for kind in kinds for found in self._store.select(kind)]:
                yield WatchEvent("ADDED", existing)
            while True:
                yield await changes.get()
        finally:
            unsubscribe()


@contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnavailableError(f"cannot write the state ({error.filename}): {error.strerror}") from error
