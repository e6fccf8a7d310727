"""The one port of the operator: ``/metrics``, ``/healthz``, ``/readyz``."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from segue_core.observability.http import listen

HEARTBEAT_SECONDS = 1.0
DEAD_AFTER_SECONDS = 30.0


@dataclass
class Health:
    """The operator's health: its parts write it, the probes read it."""

    clock: Callable[[], float] = time.monotonic
    is_ready: bool = False
    waits_for: str = "startup"
    """What is missing for readiness, shown in the probe's answer."""
    last_beat: float = field(default=0.0)

    def beat(self) -> None:
        """Note that the event loop runs."""
        self.last_beat = self.clock()

    @property
    def is_alive(self) -> bool:
        """Whether the event loop has run recently."""
        return self.clock() - self.last_beat < DEAD_AFTER_SECONDS

    def ready(self) -> None:
        """Note that nothing is missing."""
        self.is_ready, self.waits_for = True, ""

    def wait_for(self, what: str) -> None:
        """Note what is missing."""
        self.is_ready, self.waits_for = False, what


def application(health: Health, registry: CollectorRegistry) -> web.Application:
    """Routes of the operator's port."""

    async def live(_: web.Request) -> web.Response:
        if health.is_alive:
            return web.Response(text="ok")
        return web.Response(status=503, text="the event loop is blocked")

    async def ready(_: web.Request) -> web.Response:
        if health.is_ready:
            return web.Response(text="ok")
        return web.Response(status=503, text=f"waiting for {health.waits_for}")

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.add_routes([web.get("/healthz", live), web.get("/readyz", ready), web.get("/metrics", metrics)])
    return app


@asynccontextmanager
async def serving(health: Health, registry: CollectorRegistry, port: int) -> AsyncIterator[int]:
    """Serve the port in a context; yields the port's number (port 0 picks a free one).

    Raises
    ------
    OSError
        The port is in use.
    """
    runner = web.AppRunner(application(health, registry), access_log=None)
    await runner.setup()
    try:
        site = web.SockSite(runner, listen(port))
        await site.start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
