"""kopf, as it is used here: it watches, and its handlers do nothing but hand each event on.

Only ``on.event`` handlers are registered, so kopf writes nothing: no finalizer, no annotation, no event. It runs in a
thread and an event loop of its own, because kopf ends every task of its loop when it stops, and it is stopped and
started anew when the cluster learns of a kind.
"""

from __future__ import annotations

import asyncio
import logging
import random
import threading
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Sequence
from typing import Any

import kopf

from segue_operator.api.constants import GROUP
from segue_operator.api.objects import API_VERSIONS, Kind, Manifest
from segue_operator.kube.memories import forgetful_memories
from segue_operator.kube.paths import PLURALS, selector
from segue_operator.kube.trim import trim

logger = logging.getLogger(__name__)

Relay = Callable[[str | None, Manifest], None]
"""Takes a watch's event: its type (None for what a watch began with) and the trimmed object."""

SERVER_SECONDS = 600
CLIENT_SECONDS = 660
LONGEST_BACK_OFF_SECONDS = 60.0
RESTART_SECONDS = 5.0


class EndlessBackOff:
    """Delays that double up to a minute and never end: an outage of the API server must not end the operator."""

    def __iter__(self) -> Iterator[float]:
        seconds = 1.0
        while True:
            yield seconds * (1.0 - 0.2 * random.random())  # noqa: S311 - jitter, not a secret
            seconds = min(LONGEST_BACK_OFF_SECONDS, seconds * 2)


class NoDiffs(kopf.DiffBaseStorage):
    """kopf's record of how it handled an object last, a copy of all of it: no handler here asks what has changed."""

    def build(self, *, body: kopf.Body, extra_fields: Iterable[kopf.FieldSpec] | None = None) -> kopf.BodyEssence:  # noqa: ARG002 - kopf's signature
        """Record nothing of an object."""
        return kopf.BodyEssence()

    def fetch(self, *, body: kopf.Body) -> None:
        """Nothing is stored."""

    def store(self, *, body: kopf.Body, patch: kopf.Patch, essence: kopf.BodyEssence) -> None:
        """Store nothing."""


def kopf_settings() -> kopf.OperatorSettings:
    """What kopf is told: watch in streams that are renewed, be patient, write nothing."""
    settings = kopf.OperatorSettings()
    settings.peering.standalone = True
    settings.scanning.disabled = True
    settings.posting.enabled = False
    settings.watching.server_timeout = SERVER_SECONDS
    settings.watching.client_timeout = CLIENT_SECONDS
    settings.watching.connect_timeout = 10
    settings.watching.reconnect_backoff = 1.0
    settings.watching.chunk_size = 25
    settings.networking.request_timeout = 30
    settings.networking.connect_timeout = 10
    settings.networking.error_backoffs = EndlessBackOff()
    settings.networking.enforce_retry_after = True
    settings.queueing.worker_limit = None  # handlers are instant; waiting events would be kept whole
    settings.queueing.idle_timeout = 0.01  # so long a worker keeps its last event whole
    settings.execution.max_workers = 1
    settings.persistence.finalizer = f"{GROUP}/operator"
    settings.persistence.diffbase_storage = NoDiffs()
    settings.process.ultimate_exiting_timeout = None
    for kind in Kind:
        labels = selector(kind)
        if labels:
            settings.watching.label_selectors[(*_resource(kind),)] = labels
    return settings


def _resource(kind: Kind) -> tuple[str, str, str]:
    group, _, version = API_VERSIONS[kind].rpartition("/")
    return group, version, PLURALS[kind]


def registry_of(
    kinds: Collection[Kind], relay: Relay, login: Callable[[], Awaitable[kopf.ConnectionInfo]]
) -> kopf.OperatorRegistry:
    """Handlers of one run of kopf: one a kind, and the login.

    Parameters
    ----------
    kinds
        Kinds that the API server serves.
    relay
        Called in kopf's thread.
    login
        Called at the start and whenever the server refuses the credentials.
    """
    registry = kopf.OperatorRegistry()

    async def _login(**_: Any) -> kopf.ConnectionInfo:
        return await login()

    kopf.on.login(registry=registry, id="login", retries=None, backoff=10)(_login)
    for kind in sorted(kinds):
        group, version, plural = _resource(kind)
        kopf.on.event(group, version, plural, registry=registry, id=f"watch-{plural}")(_handler(kind, relay))
    return registry


def _handler(kind: Kind, relay: Relay) -> Callable[..., Awaitable[None]]:
    async def handle(event: Any, **_: Any) -> None:
        relay(event["type"], trim(kind, event["object"]))

    return handle


class Watches:
    """One run of kopf in a thread; when kopf fails, it is started anew.

    Parameters
    ----------
    namespaces
        Those to watch; empty for all.
    relay
        Called in the event loop of the one who starts the watches.
    login
        Gives kopf its credentials.

    Raises
    ------
    KopfError
        The installed kopf is none that can be used.
    """

    def __init__(
        self, namespaces: Sequence[str], relay: Relay, login: Callable[[], Awaitable[kopf.ConnectionInfo]]
    ) -> None:
        self._namespaces = tuple(namespaces)
        self._relay = relay
        self._login = login
        self._memories = forgetful_memories()

    async def run(self, kinds: Collection[Kind]) -> None:
        """Watch the kinds until cancelled."""
        while True:
            try:
                await self._run_once(kinds)
            except Exception as error:  # noqa: BLE001 - whatever it was, watching goes on; the audits fill the gap
                logger.error("kopf ended and is started anew: %s", error or type(error).__name__)  # noqa: TRY400
            await asyncio.sleep(RESTART_SECONDS)

    async def _run_once(self, kinds: Collection[Kind]) -> None:
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()
        stopping = threading.Event()

        def hand_over(type_: str | None, manifest: Manifest) -> None:
            if not stopping.is_set():
                loop.call_soon_threadsafe(self._relay, type_, manifest)

        registry = registry_of(kinds, hand_over, self._login)
        run = _Run(registry, self._memories, self._namespaces, loop, ended)
        thread = threading.Thread(target=run.main, name="kopf", daemon=True)
        thread.start()
        try:
            await asyncio.shield(ended)
        finally:
            stopping.set()
            run.stop()
            await asyncio.to_thread(thread.join, 15.0)


class _Run:
    """kopf in its thread."""

    def __init__(
        self,
        registry: kopf.OperatorRegistry,
        memories: Any,
        namespaces: Sequence[str],
        caller: asyncio.AbstractEventLoop,
        ended: asyncio.Future[None],
    ) -> None:
        self._registry = registry
        self._memories = memories
        self._namespaces = namespaces
        self._caller = caller
        self._ended = ended
        self._loop: asyncio.AbstractEventLoop | None = None
        self._flag: asyncio.Event | None = None
        self._is_stopped = threading.Event()

    def main(self) -> None:
        """Run kopf until it is stopped or fails."""
        error: BaseException | None = None
        try:
            asyncio.run(self._operate())
        except BaseException as failure:  # noqa: BLE001 - it is handed to the caller
            error = failure
        if not self._is_stopped.is_set():
            self._caller.call_soon_threadsafe(self._end, error)

    async def _operate(self) -> None:
        self._loop, self._flag = asyncio.get_running_loop(), asyncio.Event()
        if self._is_stopped.is_set():
            return
        await kopf.operator(
            registry=self._registry,
            settings=kopf_settings(),
            memories=self._memories,
            clusterwide=not self._namespaces,
            namespaces=self._namespaces,
            stop_flag=self._flag,
        )

    def stop(self) -> None:
        """Let kopf end; from another thread."""
        self._is_stopped.set()
        if self._loop is not None and self._flag is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._flag.set)

    def _end(self, error: BaseException | None) -> None:
        if self._ended.done():
            return
        if error is None:
            self._ended.set_exception(RuntimeError("it stopped by itself"))
        else:
            self._ended.set_exception(RuntimeError(f"{type(error).__name__}: {error}"))
