"""Measures and logs each request, without its query string and without the ids in its path."""

from __future__ import annotations

import logging
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from segue_api.metrics import ApiMetrics

logger = logging.getLogger(__name__)

_UNMATCHED = "unmatched"


class Observation:
    """Outermost layer of the application."""

    def __init__(self, app: ASGIApp, metrics: ApiMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and note how it was answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, begun = 500, perf_counter()

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            seconds = perf_counter() - begun
            route = scope.get("segue.operation", _UNMATCHED)
            self._metrics.observe_request(route, status, seconds)
            fields = {"status": status, "milliseconds": round(seconds * 1000, 1), "key": scope.get("segue.key")}
            logger.info("%s %s", scope["method"], route, extra=fields)
