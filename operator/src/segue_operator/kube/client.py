"""Requests to the API server through the official client: JSON in, JSON out, every failure a `ClusterError`."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

import aiohttp
from kubernetes.aio.client.api_client import ApiClient
from kubernetes.aio.client.configuration import Configuration

from segue_operator.controller.cluster import UnavailableError
from segue_operator.kinds.constants import FIELD_MANAGER
from segue_operator.kube.answers import cluster_error

REQUEST_SECONDS = 30.0
APPLY = "application/apply-patch+yaml"
_VERBS = {"GET": "get", "POST": "create", "PATCH": "patch", "DELETE": "delete"}

RequestMetrics = Callable[[str, str, int, float], None]
"""Receives verb, kind, HTTP status (0 without an answer) and seconds of every request."""


class Client:
    """A client of the API server; an async context manager that owns the connections.

    The official client's typed models are not used: manifests are JSON here, and the models cost memory.
    """

    def __init__(self, configuration: Configuration, metrics: RequestMetrics | None = None) -> None:
        self._api = ApiClient(configuration)
        self._api.user_agent = FIELD_MANAGER
        self._metrics = metrics

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._api.close()

    async def request(
        self,
        method: str,
        path: str,
        *,
        about: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        content_type: str = "application/json",
        verb: str | None = None,
    ) -> dict[str, Any]:
        """Send a request and read the answer.

        Parameters
        ----------
        method, path, query, body, content_type
            The request.
        about
            Kind in the request, for the metrics.
        verb
            Verb for the metrics where the method does not say it (a list is a ``GET``).

        Raises
        ------
        ClusterError
            The subclass for the answer; `UnavailableError` if there was none.
        """
        started, code = time.perf_counter(), 0
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                code, answer, headers = await self._send(method, path, query, body, content_type)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise UnavailableError(f"no answer from the API server: {error or type(error).__name__}") from error
        finally:
            if self._metrics:
                self._metrics(verb or _VERBS[method], about, code, time.perf_counter() - started)
        if not 200 <= code < 300:
            raise cluster_error(code, answer, headers)
        found = json.loads(answer)
        return found if isinstance(found, dict) else {}

    async def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: Mapping[str, Any] | None,
        content_type: str,
    ) -> tuple[int, bytes, Mapping[str, str]]:
        _, url, headers, content, _ = await self._api.param_serialize(
            method,
            path,
            query_params=list((query or {}).items()),
            header_params={"Accept": "application/json", "Content-Type": content_type},
            body=body,
            auth_settings=["BearerToken"],
        )
        response = await self._api.call_api(method, url, header_params=headers, body=content)
        return response.status, await response.read(), response.headers
