"""A Cluster with faults: calls that fail before or after they take effect, watches that break, events that repeat."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from typing import Any

from segue_operator.controller.cluster import Cluster, UnavailableError, WatchEvent
from segue_operator.kinds.objects import Key, Kind, Manifest

Hook = Callable[[str, Key], None]
WRITES = frozenset({"create", "apply", "delete", "apply_status", "create_event"})


def nothing(_verb: str, _key: Key) -> None:
    """The hook of a healthy cluster."""


class FaultyCluster:
    """Passes calls on to another Cluster; ``before`` and ``after`` may raise, ``writes`` lists what took effect."""

    def __init__(self, inner: Cluster, *, before: Hook = nothing, after: Hook = nothing) -> None:
        self.inner = inner
        self.before = before
        self.after = after
        self.repeat_events = 1
        self.break_watches_after: int | None = None
        self.writes: list[tuple[str, Key]] = []

    async def get(self, key: Key) -> Manifest | None:
        self.before("get", key)
        return await self.inner.get(key)

    async def list(
        self, kind: Kind, namespace: str | None = None, labels: Mapping[str, str] | None = None
    ) -> list[Manifest]:
        self.before("list", Key(kind, namespace or "", ""))
        return await self.inner.list(kind, namespace, labels)

    async def create(self, manifest: Manifest) -> Manifest:
        self.before("create", Key.of(manifest))
        result = await self.inner.create(manifest)
        self._wrote("create", Key.of(manifest))
        return result

    async def apply(self, manifest: Manifest) -> Manifest:
        self.before("apply", Key.of(manifest))
        result = await self.inner.apply(manifest)
        self._wrote("apply", Key.of(manifest))
        return result

    async def delete(self, key: Key) -> None:
        self.before("delete", key)
        await self.inner.delete(key)
        self._wrote("delete", key)

    async def apply_status(self, key: Key, status: Mapping[str, Any]) -> None:
        self.before("apply_status", key)
        await self.inner.apply_status(key, status)
        self._wrote("apply_status", key)

    async def create_event(self, about: Manifest, *, type_: str, reason: str, message: str) -> None:
        self.before("create_event", Key.of(about))
        await self.inner.create_event(about, type_=type_, reason=reason, message=message)
        self._wrote("create_event", Key.of(about))

    async def is_terminating(self, namespace: str) -> bool:
        self.before("is_terminating", Key(Kind.POD, namespace, ""))
        return await self.inner.is_terminating(namespace)

    async def watch(self, kinds: Collection[Kind]) -> AsyncIterator[WatchEvent]:
        for kind in kinds:
            self.before("watch", Key(kind, "", ""))
        seen = 0
        async for event in self.inner.watch(kinds):
            for _ in range(self.repeat_events):
                yield event
            seen += 1
            if self.break_watches_after is not None and seen >= self.break_watches_after:
                raise UnavailableError("the connection was reset")

    def _wrote(self, verb: str, key: Key) -> None:
        self.writes.append((verb, key))
        self.after(verb, key)


class Mortality:
    """Ends the task named ``victim``, an operator, right after its k-th write; with 0 it lives and its writes count."""

    def __init__(self, dies_after: int = 0) -> None:
        self.dies_after = dies_after
        self.writes: list[tuple[str, Key]] = []
        self.died = asyncio.Event()

    def __call__(self, cluster: Cluster) -> Cluster:
        return FaultyCluster(cluster, after=self._count)

    def _count(self, verb: str, key: Key) -> None:
        self.writes.append((verb, key))
        if len(self.writes) == self.dies_after:
            self.died.set()
            for task in asyncio.all_tasks():
                if task.get_name() == "victim":
                    task.cancel()
            raise asyncio.CancelledError
