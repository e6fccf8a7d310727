"""Lists of everything: they fill the mirror at the start, and later find what a watch has missed.

kopf does not report an object that vanished while a watch was interrupted, and a watch can fall silent. So watches are
not trusted alone. But no pass ever lists: an audit does it for all resources at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from segue_operator.controller.cluster import ClusterError, KindMissingError
from segue_operator.kinds.objects import Key, Kind, Manifest
from segue_operator.kube.client import Client
from segue_operator.kube.intake import Intake
from segue_operator.kube.mirror import Mirror, version
from segue_operator.kube.operator_metrics import KubeMetrics
from segue_operator.kube.paths import PLURALS, collection_path, group_version_path, selector
from segue_operator.kube.trim import trim

logger = logging.getLogger(__name__)

PAGE = 50
GRACE_SECONDS = 5.0
"""How long a watch may lag behind a list before its events count as missed."""

Take = Callable[[Literal["MODIFIED"], Manifest], object]


@dataclass
class _Listing:
    """What one list returned."""

    number: int = 0
    """Resource version of the list."""
    versions: dict[Key, int] = field(default_factory=dict)


class Auditor:
    """Compares the mirror with the API server.

    Parameters
    ----------
    namespaces
        Namespaces to serve; empty for all.
    """

    def __init__(
        self,
        client: Client,
        mirror: Mirror,
        namespaces: Sequence[str],
        metrics: KubeMetrics | None = None,
        *,
        intake: Intake | None = None,
        grace_seconds: float = GRACE_SECONDS,
    ) -> None:
        self._client = client
        self._mirror = mirror
        self._scopes: tuple[str | None, ...] = tuple(namespaces) or (None,)
        self._metrics = metrics
        self._intake = intake or Intake(client, mirror)
        self._grace_seconds = grace_seconds

    async def find_kinds(self) -> frozenset[Kind]:
        """Ask the API server which kinds it serves, and record that in the mirror.

        Raises
        ------
        ClusterError
            The server did not answer.
        """
        served = [kind for kind in Kind if await self._is_served(kind)]
        for kind in Kind:
            is_served = kind in served
            self._mirror.set_served(kind, is_served=is_served)
            if self._metrics:
                self._metrics.served(kind, is_served=is_served)
        return frozenset(served)

    async def _is_served(self, kind: Kind) -> bool:
        try:
            found = await self._client.request("GET", group_version_path(kind), about="APIResourceList")
        except KindMissingError:
            return False
        return any(one.get("name") == PLURALS[kind] for one in found.get("resources") or ())

    async def fill(self) -> None:
        """Copy everything that exists into the mirror.

        Raises
        ------
        ClusterError
            A list failed; the message names the kind.
        """
        for kind in Kind:
            if self._mirror.serves(kind):
                for scope in self._scopes:
                    await self._take_over(
                        kind, scope, self._mirror.accept
                    )  # pods come last: nothing reads the mirror before

    async def audit(self) -> None:
        """Find and repair what the watches missed; what cannot be listed is left for the next audit."""
        for kind in Kind:
            if not self._mirror.serves(kind):
                continue
            for scope in self._scopes:
                try:
                    await self._audit(kind, scope)
                except ClusterError as error:
                    logger.warning("%s cannot be audited: %s", kind, error)

    async def _audit(self, kind: Kind, scope: str | None) -> None:
        listing = await self._list(kind, scope)
        if not self._suspects(kind, scope, listing):
            self._mirror.confirm(kind)
            self._mirror.reap(kind, listing.number)
            return
        await asyncio.sleep(self._grace_seconds)
        suspects = self._suspects(kind, scope, listing)
        if suspects:
            logger.warning("the watch of %s missed %d objects: listing them again", kind, suspects)
            if self._metrics:
                self._metrics.repaired(kind, suspects)
            await self._take_over(kind, scope, self._intake.take)

    def _suspects(self, kind: Kind, scope: str | None, listing: _Listing) -> int:
        missed = sum(1 for key, number in listing.versions.items() if self._mirror.is_news(key, number))
        return missed + len(self._ghosts(kind, scope, listing))

    def _ghosts(self, kind: Kind, scope: str | None, listing: _Listing) -> list[Key]:
        return [
            key
            for key in self._mirror.keys(kind)
            if scope in (None, key.namespace)
            and key not in listing.versions
            and (known := self._mirror.version_of(key)) is not None
            and known <= listing.number
        ]

    async def _take_over(self, kind: Kind, scope: str | None, take: Take) -> None:
        listing = await self._list(kind, scope, take)
        for key in self._ghosts(kind, scope, listing):
            self._mirror.forget(key)
        self._mirror.confirm(kind)

    async def _list(self, kind: Kind, scope: str | None, take: Take | None = None) -> _Listing:
        listing = _Listing()
        async for page in self._pages(kind, scope):
            listing.number = max(listing.number, version(page))
            for item in page.get("items") or ():
                item["kind"] = str(kind)
                key = Key.of(item)
                listing.versions[key] = version(item)
                if take is not None:
                    take("MODIFIED", trim(kind, item))
        return listing

    async def _pages(self, kind: Kind, scope: str | None) -> AsyncIterator[dict[str, Any]]:
        query = {"limit": str(PAGE)}
        labels = selector(kind)
        if labels:
            query["labelSelector"] = labels
        while True:
            page = await self._client.request("GET", collection_path(kind, scope), about=kind, query=query, verb="list")
            yield page
            following = page["metadata"].get("continue")
            if not following:
                return
            query["continue"] = following
