"""The kubelet: every pod of the store becomes a process, and what happens to it becomes the pod's status."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from segue_jobs.contract import TERMINATION_MESSAGE_BYTES
from segue_operator.api.objects import Key, Kind, Manifest
from segue_operator.controller.cluster import NotFoundError, WatchEvent
from segue_operator.local import pod_status
from segue_operator.local.container import Container, group_file_of, read_group, signal_group
from segue_operator.local.java import LocalError
from segue_operator.local.launch import Machine, PodConfigError, launch_of, termination_log
from segue_operator.local.programs import resolve
from segue_operator.local.servers import free_port
from segue_operator.local.store import ObjectStore
from segue_operator.local.workloads.pods import BackOff, is_finished, is_terminating

logger = logging.getLogger(__name__)

METRICS_PORT_ANNOTATION = "segue.dev/metrics-port"
"""Port of the loopback interface on which a running pod serves ``/metrics``."""
FALLBACK_LOG_BYTES = 2048
_DEFAULT_GRACE_SECONDS = 30.0
_WRITE_RETRY_SECONDS = 1.0


@dataclass(frozen=True)
class Directories:
    """Where the kubelet keeps what belongs to pods."""

    logs: Path
    pods: Path

    def log(self, pod: Key) -> Path:
        """Log of a pod: all its restarts one after another."""
        return self.logs / pod.namespace / f"{pod.name}.log"

    def pod(self, uid: str) -> Path:
        """A pod's own folder while it exists."""
        return self.pods / uid


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
    clock
        For timestamps.
    back_off
        Wait before a pod that ended is started again, or one that could not start is tried again.
    """

    def __init__(
        self,
        store: ObjectStore,
        machine: Machine,
        directories: Directories,
        *,
        clock: Callable[[], datetime],
        back_off: BackOff,
    ) -> None:
        self._store = store
        self._machine = machine
        self._directories = directories
        self._clock = clock
        self._back_off = back_off
        self._runners: dict[str, tuple[_Runner, asyncio.Task[None]]] = {}
        self._unsubscribe: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Take over the pods that exist, and all that come."""
        self._unsubscribe = self._store.subscribe(self._on_event)
        pods = self._store.select(Kind.POD)
        self._sweep({pod["metadata"]["uid"] for pod in pods})
        for pod in pods:
            self._look_at(pod)

    async def stop(self) -> None:
        """End all processes side by side, each in its own grace period, and record how they ended."""
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
        runner = _Runner(self._store, self._machine, self._directories, pod, clock=self._clock, back_off=self._back_off)
        task = asyncio.get_running_loop().create_task(runner.run(), name=f"pod {Key.of(pod)}")
        self._runners[uid] = (runner, task)
        task.add_done_callback(lambda task: self._forget(uid, task))

    def _forget(self, uid: str, task: asyncio.Task[None]) -> None:
        del self._runners[uid]
        if not task.cancelled() and task.exception() is not None:
            logger.error("%s is no longer looked after", task.get_name(), exc_info=task.exception())

    def _sweep(self, uids: set[str]) -> None:
        """Remove folders of pods that went while no kubelet ran."""
        for folder in self._directories.pods.glob("*"):
            if folder.name not in uids:
                shutil.rmtree(folder, ignore_errors=True)


class _Runner:
    """One pod, from wherever an earlier kubelet left it to its end."""

    def __init__(
        self,
        store: ObjectStore,
        machine: Machine,
        directories: Directories,
        pod: Manifest,
        *,
        clock: Callable[[], datetime],
        back_off: BackOff,
    ) -> None:
        self._store = store
        self._machine = machine
        self._pod = pod
        self._key = Key.of(pod)
        self._directory = directories.pod(pod["metadata"]["uid"])
        self._log = directories.log(self._key)
        self._clock = clock
        self._back_off = back_off
        self._grace = float(pod["spec"].get("terminationGracePeriodSeconds", _DEFAULT_GRACE_SECONDS))
        self._stopping = asyncio.Event()
        self._shutting_down = False
        if is_terminating(pod):
            self._stopping.set()

    def stop(self) -> None:
        """The pod is being deleted."""
        self._stopping.set()

    def shut_down(self) -> None:
        """The local cluster ends; the pod goes on when it comes back."""
        self._shutting_down = True
        self._stopping.set()

    async def run(self) -> None:
        """Start, restart and end the process as the pod says."""
        restarts = pod_status.restart_count(self._pod)
        failures = 0
        try:
            if self._pod.get("status", {}).get("phase") == "Running":
                restarts += 1
                if await self._recover():
                    return
            while not self._stopping.is_set():
                launched = await self._launch()
                if launched is None:
                    failures += 1
                    await self._pause(self._back_off.seconds(failures))
                    continue
                began = asyncio.get_running_loop().time()
                if await self._follow(*launched, restarts):
                    return
                ran = asyncio.get_running_loop().time() - began
                failures = 1 if ran > self._back_off.longest_seconds else failures + 1
                restarts += 1
                await self._wait_for_restart(self._back_off.seconds(failures))
        finally:
            self._leave()

    # ------------------------------------------------------------------------------------------------ starting

    async def _launch(self) -> tuple[Container, int] | None:
        """Start the process; None, with the reason in the pod's status, if it cannot be."""
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
        await self._write(lambda pod: pod_status.waiting(pod, reason, message, self._clock()))

    # ----------------------------------------------------------------------------------------------- following

    async def _follow(self, container: Container, port: int, restarts: int) -> bool:
        """Watch the process to its end; whether the pod has ended with it."""
        try:
            self._annotate({METRICS_PORT_ANNOTATION: str(port)})
            await self._write(lambda pod: pod_status.running(pod, self._clock(), restarts=restarts))
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
        final = self._is_final(code)
        interrupted = self._shutting_down and code != 0

        def status(pod: Manifest) -> dict[str, Any]:
            ended = pod_status.ended(pod, code, message, self._clock(), final=final)
            if interrupted and final:
                return pod_status.disrupted(ended, "The local cluster was stopped", self._clock())
            return ended

        await self._write(status)
        return final or self._stopping.is_set()

    def _is_final(self, code: int) -> bool:
        policy = self._pod["spec"].get("restartPolicy", "Always")
        return bool(policy == "Never" or (policy == "OnFailure" and code == 0))

    def _termination_message(self, code: int) -> str:
        message = _tail(termination_log(self._directory), TERMINATION_MESSAGE_BYTES, from_start=True)
        policy = self._pod["spec"]["containers"][0].get("terminationMessagePolicy")
        if not message and code != 0 and policy == "FallbackToLogsOnError":
            message = _tail(self._log, FALLBACK_LOG_BYTES)
        return message

    async def _wait_for_restart(self, seconds: float) -> None:
        if not self._stopping.is_set():
            name = self._pod["spec"]["containers"][0]["name"]
            message = f"back-off {seconds:g}s restarting failed container={name} pod={self._key.name}"
            await self._write(lambda pod: pod_status.waiting(pod, "CrashLoopBackOff", message, self._clock()))
            await self._pause(seconds)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return

    # ------------------------------------------------------------------------------------- taking over, leaving

    async def _recover(self) -> bool:
        """See to a process that an earlier kubelet started and this one cannot follow; whether the pod ends here."""
        group = read_group(group_file_of(self._directory))
        deadline = asyncio.get_running_loop().time() + self._grace + 1.0
        while group is not None and signal_group(group, 0) and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.05)  # its guard is ending it, and no event tells of that
        if not self._is_final(137):
            return False
        message = "The process went with the local cluster that ran it"

        def status(pod: Manifest) -> dict[str, Any]:
            ended = pod_status.ended(pod, 137, message, self._clock(), reason="ContainerStatusUnknown")
            return pod_status.disrupted(ended, message, self._clock())

        await self._write(status)
        return True

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

    def _annotate(self, annotations: Mapping[str, str]) -> None:
        if self._current() is not None:
            self._store.annotate(self._key, annotations)

    async def _write(self, status: Callable[[Manifest], dict[str, Any]]) -> None:
        """Write a status; what happened must not be lost, so a full disk is waited out."""
        while (pod := self._current()) is not None:
            try:
                self._store.set_status(self._key, status(pod))
            except NotFoundError:
                return
            except OSError as error:
                logger.error("cannot record the status of %s: %s", self._key, error)  # noqa: TRY400 - tried again
                if self._shutting_down:
                    return
                await asyncio.sleep(_WRITE_RETRY_SECONDS)
            else:
                return


def _tail(path: Path, size: int, *, from_start: bool = False) -> str:
    """At most so many bytes of a file as text; nothing if there is none."""
    try:
        with path.open("rb") as source:
            if not from_start:
                source.seek(max(0, path.stat().st_size - size))
            return source.read(size).decode(errors="ignore")
    except OSError:
        return ""
