"""A Cluster on one machine: the store, the workload controllers and the kubelet behind the controller's port."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from segue_operator.api.objects import Key, Kind, Manifest
from segue_operator.controller.cluster import UnavailableError, WatchEvent
from segue_operator.local.events import EventLog
from segue_operator.local.files import ObjectFiles
from segue_operator.local.kubelet import Kubelet
from segue_operator.local.launch import Machine
from segue_operator.local.pod_runner import Directories
from segue_operator.local.store import ObjectStore, Validator
from segue_operator.local.workload_loop import WorkloadLoop
from segue_operator.local.workloads.pods import DEFAULT_BACK_OFF, BackOff


class LocalCluster:
    """Jobs, Deployments and SparkApplications as processes of this machine, for as long as it is entered.

    What it is told and what happened outlives it in the state directory: entered again, it goes on.

    Parameters
    ----------
    state_directory
        Objects, events, and the pods' own folders.
    volumes
        Folder of each PersistentVolumeClaim.
    secrets
        Values by Secret and key; never written to disk.
    environment
        Variables that replace the pods' own of these names.
    logs
        Where ``<namespace>/<pod>.log`` are; by default ``logs`` in the state directory.
    validate
        Checks and defaults objects of Segue's own kinds: ``(new, old)`` to what is stored, or `InvalidError`.
    processes
        Whether pods are run; without, this is the API server alone.
    job_back_off, restart_back_off
        Wait before a Job replaces a failed pod, and before a Deployment's pod is started again.
    """

    def __init__(
        self,
        state_directory: Path,
        *,
        volumes: Mapping[str, Path] | None = None,
        secrets: Mapping[str, Mapping[str, str]] | None = None,
        environment: Mapping[str, str] | None = None,
        logs: Path | None = None,
        validate: Validator | None = None,
        processes: bool = True,
        job_back_off: BackOff = DEFAULT_BACK_OFF,
        restart_back_off: BackOff = DEFAULT_BACK_OFF,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        state_directory = state_directory.absolute()
        self._files = ObjectFiles(state_directory)
        self._events = EventLog(state_directory / "events.jsonl", clock)
        self._store = ObjectStore(self._files, clock=clock, validate=validate)
        self._directories = Directories(
            logs=(logs or state_directory / "logs").absolute(), pods=state_directory / "pods"
        )
        machine = Machine(volumes or {}, secrets or {}, environment or {}, dict(os.environ))
        self._processes = processes
        self._kubelet = Kubelet(self._store, machine, self._directories, clock=clock, back_off=restart_back_off)
        self._workloads = WorkloadLoop(self._store, clock=clock, back_off=job_back_off)
        self._loop_task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Take the state directory and go on with what is in it.

        Raises
        ------
        LocalError
            Another process has the directory, or it cannot be used.
        """
        self._files.lock()
        try:
            self._store.load()
        except BaseException:
            self._files.unlock()
            raise
        if self._processes:
            self._kubelet.start()
            self._loop_task = asyncio.get_running_loop().create_task(self._workloads.run(), name="workloads")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all processes, each in its grace period, and give the directory free."""
        try:
            if self._loop_task is not None:
                self._loop_task.cancel()
                await asyncio.gather(self._loop_task, return_exceptions=True)
                await self._kubelet.stop()
        finally:
            self._files.unlock()

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
        """Server-side apply with Segue's field manager."""
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
        """Record an event."""
        with _disk():
            self._events.add(about, type_=type_, reason=reason, message=message)

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

    # ------------------------------------------------------------------------------------- for the command line

    @property
    def work(self) -> asyncio.Task[None] | None:
        """What runs the workloads; it never ends by itself. None where nothing is run."""
        return self._loop_task

    def events(self, about: Key | None = None) -> Sequence[Manifest]:
        """Events in their order, all or those about one object."""
        return self._events.read(about)

    def log_path(self, pod: Key) -> Path:
        """The file with a pod's output; it stays when the pod goes."""
        return self._directories.log(pod)


@contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnavailableError(f"cannot write the state: {error}") from error
