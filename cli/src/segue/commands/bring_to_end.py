"""Running the controller and the local cluster until every resource has succeeded or failed."""

from __future__ import annotations

import asyncio
import logging
import math
import signal
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from segue.cluster.local_cluster import LocalCluster
from segue.cluster.pods import is_terminating
from segue.commands.changes import Change, change_of, check_stored, trains_by_itself
from segue.commands.child_setup import child_config, secrets, workers
from segue.errors import CommandError, CommandExit
from segue.render.display import Display
from segue.render.progress import View, Watcher
from segue.render.resources import short_name
from segue.servers.session import Endpoints
from segue.state import State
from segue_operator.children.config import ChildConfig
from segue_operator.children.sink_deployment import is_sink_pod
from segue_operator.controller.cluster import Cluster, ClusterError, InvalidError
from segue_operator.controller.controller import Controller
from segue_operator.kinds.objects import Key, Kind, Manifest, works_for
from segue_operator.reconcile.dispatch import interests, plan
from segue_operator.reconcile.sink_plan import plan_sink

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.4
QUIET_SECONDS = 0.05
"""How long nothing may be planned before all is at its end: a batch that has finished wakes the run that it changes."""
STUCK_SECONDS = 10.0
"""How long everything may wait for something that only a person can change."""


@dataclass(frozen=True)
class Request:
    """The manifests to apply, and how."""

    manifests: tuple[Manifest, ...]
    volumes: Mapping[str, Path]
    again: bool = False
    """Delete resources of these names first, so that they run again; a run with ``spec.retrain`` decides itself."""
    timeout_seconds: float | None = None
    files: tuple[str, ...] = ()
    """Where the manifests are written, as the user named it."""

    @property
    def keys(self) -> tuple[Key, ...]:
        """Of the manifests."""
        return tuple(Key.of(manifest) for manifest in self.manifests)


class Interrupted(Exception):  # noqa: N818 - a request, not an error
    """Ctrl-C, or `segue down`."""


async def bring_to_end(
    request: Request,
    state_directory: Path,
    endpoints: Endpoints,
    environ: Mapping[str, str],
    *,
    display: Display,
    report: Callable[[Key, Change], None],
) -> list[View]:
    """Apply the manifests and wait until every resource has succeeded or failed.

    Parameters
    ----------
    report
        Called with each manifest and what applying it changed.

    Raises
    ------
    CommandError
        Time is up, or a manifest is refused.
    Interrupted
        The user interrupted it; all processes have ended.
    """
    cluster = LocalCluster(
        state_directory,
        volumes=request.volumes,
        secrets=secrets(endpoints, environ),
        environment={**endpoints.environment(), **workers(request.manifests, environ)},
        validate=check_stored,
    )
    with _interruption() as interrupted:
        async with cluster, _controlled(cluster, child_config(endpoints, environ)) as (controller, task):
            replaced = await _delete(cluster, await _replaceable(cluster, request)) if request.again else set()
            for manifest in request.manifests:
                key = Key.of(manifest)
                change = await _apply(cluster, manifest)
                report(key, Change.REPLACED if key in replaced else change)
            watcher = Watcher(cluster, request.keys)
            tasks = tuple(one for one in (task, cluster.work) if one is not None)
            log = State(state_directory).controller_log
            ends = _Ends(tasks, log, interrupted, request.timeout_seconds, lambda: controller.is_idle)
            return await _follow(watcher, display, ends)


@dataclass(frozen=True)
class _Ends:
    """What may stop the wait before the resources finish."""

    tasks: tuple[asyncio.Task[None], ...]
    """The tasks that do the work; none of them ends by itself."""
    log: Path
    interrupted: asyncio.Event
    timeout_seconds: float | None
    is_quiet: Callable[[], bool]
    """Whether nothing is about to be planned: what has finished may be about to start again."""


@contextmanager
def _interruption() -> Iterator[asyncio.Event]:
    loop, event = asyncio.get_running_loop(), asyncio.Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        loop.add_signal_handler(number, event.set)
    try:
        yield event
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)


@asynccontextmanager
async def _controlled(
    cluster: Cluster, config: ChildConfig
) -> AsyncIterator[tuple[Controller[ChildConfig], asyncio.Task[None]]]:
    controller = Controller(cluster, config, plan=plan, interests=interests, plan_sink=plan_sink)
    task = asyncio.create_task(controller.run(), name="controller")
    try:
        yield controller, task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _replaceable(cluster: Cluster, request: Request) -> list[Key]:
    found = [(Key.of(manifest), manifest) for manifest in request.manifests]
    return [key for key, manifest in found if not trains_by_itself(manifest, await cluster.get(key))]


async def _apply(cluster: Cluster, manifest: Manifest) -> Change:
    change = change_of(await cluster.get(Key.of(manifest)), manifest)
    try:
        await cluster.apply(manifest)
    except InvalidError as error:
        name = short_name(Key.of(manifest))
        raise CommandError(f"{name} is refused: {error}", exit_code=CommandExit.USAGE) from error
    except ClusterError as error:
        raise CommandError(f"{short_name(Key.of(manifest))} cannot be applied: {error}") from error
    return change


async def _delete(cluster: Cluster, keys: Iterable[Key]) -> set[Key]:
    existing = {key for key in keys if await cluster.get(key) is not None}
    for key in existing:
        await cluster.delete(key)
    # A pod disappears when its processes have ended, within its grace period.
    while any(_belongs(pod, existing) for pod in await cluster.list(Kind.POD)):  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    return existing


def _belongs(pod: Manifest, keys: set[Key]) -> bool:
    """Whether a pod works for one of these resources, or for a sink that is leaving with the last of them."""
    return (is_sink_pod(pod) and is_terminating(pod)) or any(works_for(pod, key) for key in keys)


async def _follow(watcher: Watcher, display: Display, ends: _Ends) -> list[View]:
    now = asyncio.get_running_loop().time
    deadline = math.inf if ends.timeout_seconds is None else now() + ends.timeout_seconds
    moved_at, was_quiet = now(), False
    with display:
        while True:
            views = await watcher.look()
            display.show(views)
            unfinished = [view for view in views if not view.finished]
            if not unfinished and was_quiet and ends.is_quiet():
                return views
            was_quiet = not unfinished and ends.is_quiet()
            if not unfinished or not all(view.is_stuck for view in unfinished):
                moved_at = now()
            _check_work(ends)
            _check_patience(unfinished, stuck=now() - moved_at > STUCK_SECONDS, late=now() > deadline)
            try:
                await asyncio.wait_for(ends.interrupted.wait(), QUIET_SECONDS if was_quiet else POLL_SECONDS)
            except TimeoutError:
                continue
            raise Interrupted


def _check_work(ends: _Ends) -> None:
    for task in ends.tasks:
        if not task.done():
            continue
        error = None if task.cancelled() else task.exception()
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        logger.critical("%s has ended", task.get_name(), exc_info=error)
        why = "for an unknown reason" if error is None else f"{type(error).__name__}: {error}".rstrip(": ")
        raise CommandError(
            f"the {task.get_name()} stopped before the resources finished: {why}",
            f"this is a bug: see {ends.log} for details; run the same command again to continue",
        ) from error


def _check_patience(unfinished: Iterable[View], *, stuck: bool, late: bool) -> None:
    if stuck:
        reasons = "; ".join(
            f"{short_name(view.key)} cannot continue: {view.reason}: {view.message}" for view in unfinished
        )
        raise CommandError(reasons, "fix that, then run the same command again")
    if late:
        raise CommandError(
            f"timed out; not finished: {', '.join(short_name(view.key) for view in unfinished)}",
            "run the same command again to continue; stored tracks are not extracted again",
        )
