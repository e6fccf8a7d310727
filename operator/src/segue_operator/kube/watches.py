"""kopf, used only to watch: its handlers pass each event on.

Only ``on.event`` handlers are registered, so kopf writes nothing: no finalizer, no annotation, no event. It runs in a
thread and an event loop of its own, because kopf ends every task of its loop when it stops, and it is
restarted when the cluster adds or removes a kind.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from concurrent.futures import Future
from typing import Any

import kopf

from segue_core.contract.backoff import Backoff
from segue_core.observability.logging import OneOfAKind
from segue_operator.kinds.constants import GROUP
from segue_operator.kinds.objects import API_VERSIONS, Kind, Manifest
from segue_operator.kube.paths import PLURALS, selector
from segue_operator.kube.trim import trim

logger = logging.getLogger(__name__)

Relay = Callable[[str | None, Manifest], None]
"""Receives a watch's event: its type (None for objects that existed before) and the trimmed object."""

SERVER_SECONDS = 600
CLIENT_SECONDS = 660
RESTART_SECONDS = 5.0
_NETWORK_BACKOFF = Backoff(first_seconds=1.0, longest_seconds=60.0, jitter=0.2)
"""It never ends, so an outage does not end kopf."""
QUIET_SECONDS = 60.0
"""How long kopf is silent after a message."""
STOP_SECONDS = 15.0
"""How long kopf gets to end its watches."""
_RUNNING_LOGGER = "kopf._core.reactor.running"
"""The only private name of kopf in use: a logger."""


class NoDiffs(kopf.DiffBaseStorage):
    """Replaces kopf's record of an object's last state, a full copy: no handler here asks what has changed."""

    def build(self, *, body: kopf.Body, extra_fields: Iterable[kopf.FieldSpec] | None = None) -> kopf.BodyEssence:  # noqa: ARG002 - kopf's signature
        """Record nothing of an object."""
        return kopf.BodyEssence()

    def fetch(self, *, body: kopf.Body) -> None:
        """Nothing is stored."""

    def store(self, *, body: kopf.Body, patch: kopf.Patch, essence: kopf.BodyEssence) -> None:
        """Store nothing."""


def quieten_kopf(level: str) -> None:
    """Let kopf log warnings and errors at most, one a minute, and not that it runs in a thread.

    In an outage each of its watches reports every attempt to reconnect.
    """
    logging.getLogger("kopf").setLevel(max(logging.WARNING, logging.getLevelName(level)))
    logging.getLogger(_RUNNING_LOGGER).setLevel(logging.ERROR)  # it warns about the thread
    for handler in logging.getLogger().handlers:
        handler.addFilter(OneOfAKind(("kopf",), seconds=QUIET_SECONDS, together=True))


def kopf_settings() -> kopf.OperatorSettings:
    """Settings of kopf: watch in streams that are renewed, retry for ever, write nothing."""
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
    settings.networking.error_backoffs = _NETWORK_BACKOFF
    settings.networking.enforce_retry_after = True
    settings.queueing.worker_limit = None  # handlers are instant, and queued events would use memory
    settings.queueing.idle_timeout = 0.01  # how long a worker keeps its last event
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
    """Handlers for one run of kopf: one for each kind, and the login.

    Parameters
    ----------
    kinds
        Kinds to watch; the API server must serve them.
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
    """Runs kopf in a thread; when kopf fails, starts it again.

    Parameters
    ----------
    namespaces
        Namespaces to watch; empty for all.
    relay
        Called in the event loop that runs the watches.
    login
        Gives kopf its credentials.
    """

    def __init__(
        self, namespaces: Sequence[str], relay: Relay, login: Callable[[], Awaitable[kopf.ConnectionInfo]]
    ) -> None:
        self._namespaces = tuple(namespaces)
        self._relay = relay
        self._login = login

    async def run(self, kinds: Collection[Kind]) -> None:
        """Watch the kinds until cancelled."""
        while True:
            try:
                await self._run_once(kinds)
            except Exception as error:  # noqa: BLE001 - whatever it was, keep watching; the audits fill the gap
                logger.error("kopf stopped and is started again: %s: %s", type(error).__name__, error)  # noqa: TRY400
            await asyncio.sleep(RESTART_SECONDS)

    async def _run_once(self, kinds: Collection[Kind]) -> None:
        loop = asyncio.get_running_loop()
        stop, ended = _beyond_cancelling(), _beyond_cancelling()

        def hand_over(type_: str | None, manifest: Manifest) -> None:
            if not stop.done():
                loop.call_soon_threadsafe(self._relay, type_, manifest)

        async def operate() -> None:
            await kopf.operator(
                registry=registry_of(kinds, hand_over, self._login),
                settings=kopf_settings(),
                clusterwide=not self._namespaces,
                namespaces=self._namespaces,
                stop_flag=asyncio.wrap_future(stop),
            )

        def main() -> None:
            try:
                asyncio.run(operate())
            except BaseException as error:  # noqa: BLE001 - raised again in the waiting event loop
                ended.set_exception(error)
            else:
                ended.set_exception(RuntimeError("it stopped without being asked"))

        thread = threading.Thread(target=main, name="kopf", daemon=True)
        thread.start()
        try:
            await asyncio.wrap_future(ended)
        finally:
            stop.set_result(None)
            await asyncio.to_thread(thread.join, STOP_SECONDS)


def _beyond_cancelling() -> Future[None]:
    """A future between threads, which an event loop that waits for it cannot cancel."""
    future: Future[None] = Future()
    future.set_running_or_notify_cancel()
    return future
