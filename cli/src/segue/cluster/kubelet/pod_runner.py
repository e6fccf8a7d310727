"""One pod: from the state in which an earlier kubelet left it to its end."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from segue.cluster.api_server.object_store import ObjectStore
from segue.cluster.kubelet import pod_status
from segue.cluster.kubelet.container import Container, group_file_of, read_group, signal_group
from segue.cluster.kubelet.launch import Machine, PodConfigError, launch_of, termination_log
from segue.cluster.kubelet.programs import resolve
from segue.cluster.pods import METRICS_PORT_ANNOTATION, is_finished, is_terminating, phase
from segue.errors import LocalError
from segue.servers.embedded import free_port
from segue_core.contract.backoff import Backoff
from segue_core.contract.termination import TERMINATION_MESSAGE_BYTES
from segue_operator.controller.cluster import NotFoundError
from segue_operator.kinds.objects import Key, Manifest

logger = logging.getLogger(__name__)

FALLBACK_LOG_BYTES = 2048
_DEFAULT_GRACE_SECONDS = 30.0
_WRITE_RETRY_SECONDS = 1.0


@dataclass(frozen=True)
class Directories:
    """Where the kubelet keeps what belongs to pods."""

    logs: Path
    pods: Path

    def log(self, pod: Key) -> Path:
        """Log of a pod, with all its restarts one after another."""
        return self.logs / pod.namespace / f"{pod.name}.log"

    def pod(self, uid: str) -> Path:
        """The pod's own folder, as long as the pod exists."""
        return self.pods / uid


class PodRunner:
    """Starts, restarts and ends the process of one pod, and keeps the pod's status."""

    def __init__(
        self,
        store: ObjectStore,
        machine: Machine,
        directories: Directories,
        pod: Manifest,
        *,
        backoff: Backoff,
    ) -> None:
        self._store = store
        self._machine = machine
        self._pod = pod
        self._key = Key.of(pod)
        self._directory = directories.pod(pod["metadata"]["uid"])
        self._log = directories.log(self._key)
        self._backoff = backoff
        self._runs_once = pod["spec"]["restartPolicy"] == "Never"
        self._grace = float(pod["spec"].get("terminationGracePeriodSeconds", _DEFAULT_GRACE_SECONDS))
        self._stopping = asyncio.Event()
        self._shutting_down = False
        if is_terminating(pod):
            self._stopping.set()

    def stop(self) -> None:
        """The pod is being deleted."""
        self._stopping.set()

    def shut_down(self) -> None:
        """The local cluster ends; the pod continues when the cluster is back."""
        self._shutting_down = True
        self._stopping.set()

    async def run(self) -> None:
        """Start, restart and end the process as the pod says."""
        failures = 0
        try:
            await self._outlast_predecessor()
            if phase(self._pod) == "Running" and self._runs_once:
                await self._record_loss()
                return
            while not self._stopping.is_set():
                launched = await self._launch()
                if launched is None:
                    failures += 1
                    await self._pause(self._backoff.pause(failures))
                    continue
                began = asyncio.get_running_loop().time()
                if await self._follow(*launched):
                    return
                ran = asyncio.get_running_loop().time() - began
                failures = 1 if ran > self._backoff.longest_seconds else failures + 1
                await self._wait_for_restart(self._backoff.pause(failures))
        finally:
            self._leave()

    # ------------------------------------------------------------------------------------------------ starting

    async def _launch(self) -> tuple[Container, int] | None:
        """Start the process; None, with the reason in the pod's status, if it cannot be started."""
        port = free_port()
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            termination_log(self._directory).unlink(missing_ok=True)
            launch = launch_of(self._pod, self._machine, self._directory, port)
            program = await asyncio.to_thread(resolve, launch.command)  # it may download jars
            container = await Container.start(
                program.command,
                environment={**launch.environment, **program.environment},
                directory=self._directory,
                log=self._log,
                grace_seconds=self._grace,
            )
        except PodConfigError as error:
            await self._wait_with("CreateContainerConfigError", str(error))
        except (LocalError, OSError) as error:
            await self._wait_with("CreateContainerError", str(error))
        else:
            return container, port
        return None

    async def _wait_with(self, reason: str, message: str) -> None:
        logger.warning("%s waits: %s", self._key, message)
        await self._write(lambda pod: pod_status.waiting(pod, reason, message))

    # ----------------------------------------------------------------------------------------------- following

    async def _follow(self, container: Container, port: int) -> bool:
        """Watch the process to its end; returns whether the pod has ended with it."""
        try:
            await self._persist(lambda _: self._store.annotate(self._key, {METRICS_PORT_ANNOTATION: str(port)}))
            await self._write(lambda pod: pod_status.running(pod, datetime.now(UTC)))
            code = await self._wait(container)
        except BaseException:
            container.stop()
            await container.wait()
            raise
        return await self._record(code)

    async def _wait(self, container: Container) -> int:
        ending = asyncio.ensure_future(container.wait())
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait((ending, stopping), return_when=asyncio.FIRST_COMPLETED)
            if not ending.done():
                container.stop()
            return await ending
        finally:
            stopping.cancel()

    async def _record(self, code: int) -> bool:
        message = self._termination_message(code)

        def status(pod: Manifest) -> dict[str, Any]:
            ended = pod_status.ended(pod, code, message, datetime.now(UTC), final=self._runs_once)
            if self._runs_once and self._shutting_down and code != 0:
                return pod_status.disrupted(ended, "The local cluster was stopped")
            return ended

        await self._write(status)
        return self._runs_once or self._stopping.is_set()

    def _termination_message(self, code: int) -> str:
        """What the program left, or the end of its log, as with ``FallbackToLogsOnError``."""
        message = _tail(termination_log(self._directory), TERMINATION_MESSAGE_BYTES, from_start=True)
        return _tail(self._log, FALLBACK_LOG_BYTES) if code != 0 and not message else message

    async def _wait_for_restart(self, seconds: float) -> None:
        if not self._stopping.is_set():
            name = self._pod["spec"]["containers"][0]["name"]
            message = f"back-off {seconds:g}s restarting failed container={name} pod={self._key.name}"
            await self._write(lambda pod: pod_status.waiting(pod, "CrashLoopBackOff", message))
            await self._pause(seconds)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return

    # ------------------------------------------------------------------------------------- taking over, leaving

    async def _outlast_predecessor(self) -> None:
        """Wait for the process that an earlier kubelet started: its guard is ending it, and we cannot follow it."""
        group = read_group(group_file_of(self._directory))
        deadline = asyncio.get_running_loop().time() + self._grace + 1.0
        while group is not None and signal_group(group, 0):
            if asyncio.get_running_loop().time() > deadline:
                logger.warning("process group %d of %s is still running", group, self._key)
                return
            await asyncio.sleep(0.05)

    async def _record_loss(self) -> None:
        message = "The process ended with the local cluster that ran it"

        def status(pod: Manifest) -> dict[str, Any]:
            ended = pod_status.ended(pod, 137, message, datetime.now(UTC), reason="ContainerStatusUnknown")
            return pod_status.disrupted(ended, message)

        await self._write(status)

    def _leave(self) -> None:
        pod = self._current()
        if pod is None or is_terminating(pod):
            shutil.rmtree(self._directory, ignore_errors=True)
            if pod is not None:
                self._store.remove(self._key)
        elif is_finished(pod):
            shutil.rmtree(self._directory, ignore_errors=True)

    def _current(self) -> Manifest | None:
        """The pod as it is now; None if it is gone, or another has its name."""
        found = self._store.get(self._key)
        if found is None or found["metadata"]["uid"] != self._pod["metadata"]["uid"]:
            return None
        return found

    async def _write(self, status: Callable[[Manifest], dict[str, Any]]) -> None:
        await self._persist(lambda pod: self._store.set_status(self._key, status(pod)))

    async def _persist(self, write: Callable[[Manifest], None]) -> None:
        """Write to the store; on a full disk wait and try again, so that nothing is lost."""
        while (pod := self._current()) is not None:
            try:
                write(pod)
            except NotFoundError:
                return
            except OSError as error:
                logger.error("cannot record the state of %s: %s", self._key, error)  # noqa: TRY400 - tried again
                if self._shutting_down:
                    return
                await asyncio.sleep(_WRITE_RETRY_SECONDS)
            else:
                return


def _tail(path: Path, size: int, *, from_start: bool = False) -> str:
    """At most so many bytes of a file as text; empty if there is no file."""
    try:
        with path.open("rb") as source:
            if not from_start:
                source.seek(max(0, path.stat().st_size - size))
            return source.read(size).decode(errors="ignore")
    except OSError:
        return ""
