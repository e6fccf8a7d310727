"""Bringing resources to their end on this machine: the controller and the local cluster, for as long as it takes."""

from __future__ import annotations

import asyncio
import logging
import math
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from segue_jobs.contract import Env
from segue_jobs.runtime.settings import KafkaSettings
from segue_operator.api.manifests import ManifestError, validate_update, with_defaults
from segue_operator.api.objects import Key, Kind, Manifest
from segue_operator.children.config import ChildConfig, KafkaAccess, KafkaUser, SecretKey
from segue_operator.controller.cluster import Cluster, ClusterError, InvalidError
from segue_operator.controller.controller import Controller
from segue_operator.local.cluster import LocalCluster
from segue_operator.local.errors import CommandError, CommandExit
from segue_operator.local.progress import Display, View, Watcher
from segue_operator.local.resources import at, is_finished, short_name
from segue_operator.local.session import Endpoints
from segue_operator.local.state import State
from segue_operator.reconcile.dispatch import interests, plan

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.4
STUCK_SECONDS = 10.0
"""How long everything may wait for something that only people can change."""
MONGODB_SECRET = SecretKey("segue-mongodb", "uri")
KAFKA_SECRET = SecretKey("segue-kafka", "password")


class Change(StrEnum):
    """What an apply did, in kubectl's words."""

    CREATED = "created"
    CONFIGURED = "configured"
    UNCHANGED = "unchanged"
    REPLACED = "replaced"


@dataclass(frozen=True)
class Request:
    """What is to be brought to its end."""

    manifests: tuple[Manifest, ...]
    volumes: Mapping[str, Path]
    again: bool = False
    """Delete resources of these names first, so that they run anew."""
    timeout_seconds: float | None = None

    @property
    def keys(self) -> tuple[Key, ...]:
        """Of the manifests."""
        return tuple(Key.of(manifest) for manifest in self.manifests)


def change_of(existing: Manifest | None, manifest: Manifest) -> Change:
    """What applying a manifest to an existing object will do.

    Raises
    ------
    ManifestError
        It would change what may not change.
    """
    if existing is None:
        return Change.CREATED
    validate_update(existing, manifest)
    same = with_defaults(existing)["spec"] == with_defaults(manifest)["spec"]
    return Change.UNCHANGED if same else Change.CONFIGURED


def check_stored(new: Manifest, old: Manifest | None) -> Manifest:
    """What the local cluster stores of an object of ours, as an API server with the CRDs would.

    Raises
    ------
    InvalidError
        It is refused.
    """
    try:
        if old is not None:
            validate_update(old, new)
        return with_defaults(new)
    except ManifestError as error:
        raise InvalidError(str(error)) from error


def child_config(endpoints: Endpoints, environ: Mapping[str, str]) -> ChildConfig:
    """Where children of this machine find their servers; secrets by reference, as in a cluster."""
    kafka = KafkaSettings.from_environment({**environ, **endpoints.environment()})
    return ChildConfig(
        kafka=KafkaAccess(
            bootstrap=kafka.bootstrap,
            security_protocol=kafka.security_protocol,
            sasl_mechanism=kafka.sasl_mechanism,
            user=KafkaUser(kafka.username, KAFKA_SECRET) if kafka.username else None,
        ),
        mongodb_uri=MONGODB_SECRET,
        database=environ.get(Env.DATABASE) or "segue",
        topic_prefix=kafka.topic_prefix,
        topic_partitions=kafka.partitions,
        create_topics=True,
        log_format="text",
    )


def _secrets(endpoints: Endpoints, environ: Mapping[str, str]) -> dict[str, dict[str, str]]:
    return {
        MONGODB_SECRET.name: {MONGODB_SECRET.key: endpoints.mongodb_uri},
        KAFKA_SECRET.name: {KAFKA_SECRET.key: environ.get(Env.KAFKA_PASSWORD, "")},
    }


def _workers(request: Request, environ: Mapping[str, str]) -> dict[str, str]:
    """Share of the cores for each shard that runs at once: a cluster's nodes do this by CPU limits."""
    specs = [manifest["spec"] for manifest in request.manifests if manifest["kind"] == Kind.TRACK_BATCH]
    own = [entry.get("name") for spec in specs for entry in at(spec, "podOverrides", "env") or ()]
    if Env.WORKERS in environ or Env.WORKERS in own:
        return {}
    at_once = max((at(spec, "extraction", "parallelism") or 1 for spec in specs), default=1)
    return {Env.WORKERS: str(max(1, (os.cpu_count() or 1) // at_once))}


class Interrupted(Exception):  # noqa: N818 - a wish, not an error
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
        Told what became of each manifest.

    Raises
    ------
    CommandError
        Time is up, or a manifest is refused.
    Interrupted
        The user ended it; all processes have ended.
    """
    cluster = LocalCluster(
        state_directory,
        volumes=request.volumes,
        secrets=_secrets(endpoints, environ),
        environment={**endpoints.environment(), **_workers(request, environ)},
        validate=check_stored,
    )
    with _interruption() as interrupted:
        async with cluster, _controlled(cluster, child_config(endpoints, environ)) as controller:
            replaced = await _delete(cluster, request.keys) if request.again else set()
            for manifest in request.manifests:
                key = Key.of(manifest)
                change = await _apply(cluster, manifest)
                report(key, Change.REPLACED if key in replaced else change)
            watcher = Watcher(cluster, request.keys)
            tasks = tuple(task for task in (controller, cluster.work) if task is not None)
            ends = _Ends(tasks, State(state_directory).controller_log, interrupted, request.timeout_seconds)
            return await _follow(watcher, display, ends)


@dataclass(frozen=True)
class _Ends:
    """What may end the waiting before the resources do."""

    tasks: tuple[asyncio.Task[None], ...]
    """Those that do the work: none of them ends by itself."""
    log: Path
    interrupted: asyncio.Event
    timeout_seconds: float | None


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
async def _controlled(cluster: Cluster, config: ChildConfig) -> AsyncIterator[asyncio.Task[None]]:
    controller = Controller(cluster, config, plan=plan, interests=interests)
    task = asyncio.create_task(controller.run(), name="controller")
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


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
    # Pods go when their processes have ended, each in its grace period.
    while any(_belongs(pod, existing) for pod in await cluster.list(Kind.POD)):  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    return existing


def _belongs(pod: Manifest, keys: set[Key]) -> bool:
    labels = pod["metadata"].get("labels") or {}
    return any(labels.get(f"segue.dev/{key.kind.lower()}") == key.name for key in keys)


async def _follow(watcher: Watcher, display: Display, ends: _Ends) -> list[View]:
    now = asyncio.get_running_loop().time
    deadline = math.inf if ends.timeout_seconds is None else now() + ends.timeout_seconds
    moved_at = now()
    with display:
        while True:
            views = await watcher.look()
            display.show(views)
            unfinished = [view for view in views if not view.finished]
            if not unfinished:
                return views
            if not all(view.is_stuck for view in unfinished):
                moved_at = now()
            _check_work(ends)
            _check_patience(unfinished, stuck=now() - moved_at > STUCK_SECONDS, late=now() > deadline)
            try:
                await asyncio.wait_for(ends.interrupted.wait(), POLL_SECONDS)
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
        why = "nothing says why" if error is None else f"{type(error).__name__}: {error}".rstrip(": ")
        raise CommandError(
            f"the {task.get_name()} ended before the resources did: {why}",
            f"this is a defect: {ends.log} has the details; run the same command again to go on",
        ) from error


def _check_patience(unfinished: Iterable[View], *, stuck: bool, late: bool) -> None:
    if stuck:
        reasons = "; ".join(
            f"{short_name(view.key)} cannot go on: {view.reason}: {view.message}" for view in unfinished
        )
        raise CommandError(reasons, "correct what it names, then run the same command again")
    if late:
        raise CommandError(
            f"time is up and not finished: {', '.join(short_name(view.key) for view in unfinished)}",
            "run the same command again to go on: what is stored is not done twice",
        )


def all_done(manifests: Iterable[Manifest], existing: Mapping[Key, Manifest]) -> bool:
    """Whether applying these manifests changes nothing, and all have their end already."""
    return all(
        (found := existing.get(Key.of(manifest))) is not None
        and change_of(found, manifest) is Change.UNCHANGED
        and is_finished(found)
        for manifest in manifests
    )
