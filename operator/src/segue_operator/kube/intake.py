"""Take watch events into the mirror, and no finished child before its pods.

Every kind has its own watch, and one may be ahead of another. A plan that sees a finished Job without the pod that
holds its summary would consider the summary lost.
"""

from __future__ import annotations

import asyncio
import logging
from itertools import islice

from segue_core.contract.backoff import Backoff
from segue_operator.controller.cluster import ClusterError
from segue_operator.kinds.objects import PARENT_LABELS, Key, Kind, Manifest
from segue_operator.kube.client import Client
from segue_operator.kube.mirror import Mirror, version
from segue_operator.kube.paths import CHILD_SELECTOR, collection_path
from segue_operator.kube.trim import trim
from segue_operator.reconcile.observe import observe_application, observe_job
from segue_operator.reconcile.spark_state import attempt_state

logger = logging.getLogger(__name__)

_PAUSES_SECONDS = (0.0, *islice(Backoff(first_seconds=1.0, longest_seconds=4.0), 3))
"""Pauses before each attempt to list the pods of a finished child; after the last, their watch must have sent them."""


def has_ended(child: Manifest) -> bool:
    """Whether a child has finished, so that its pods' summaries are final."""
    if child["kind"] == Kind.JOB:
        return observe_job(child).is_finished
    if child["kind"] == Kind.SPARK_APPLICATION:
        return attempt_state(observe_application(child).state).is_finished
    return False


class Intake:
    """Takes events into the mirror; must run in the mirror's event loop."""

    def __init__(self, client: Client, mirror: Mirror) -> None:
        self._client = client
        self._mirror = mirror
        self._pending: set[asyncio.Task[None]] = set()

    def take(self, type_: str | None, manifest: Manifest) -> None:
        """Take in one event, at once or as soon as the pods are known."""
        if type_ == "DELETED":
            self._mirror.accept("DELETED", manifest)
            return
        key = Key.of(manifest)
        known = self._mirror.get(key)
        ended_now = has_ended(manifest) and (known is None or not has_ended(known))
        if ended_now and self._mirror.is_news(key, version(manifest)):
            task = asyncio.get_running_loop().create_task(self._take_with_pods(manifest))
            self._pending.add(task)
            task.add_done_callback(self._pending.discard)
        else:
            self._mirror.accept("MODIFIED", manifest)

    async def _take_with_pods(self, child: Manifest) -> None:
        for pause in _PAUSES_SECONDS:
            await asyncio.sleep(pause)
            try:
                await self._bring_pods(child)
                break
            except ClusterError as error:
                logger.warning("the pods of %s cannot be listed: %s", Key.of(child), error)
        self._mirror.accept("MODIFIED", child)

    async def _bring_pods(self, child: Manifest) -> None:
        labels = child["metadata"].get("labels") or {}
        parents = [f"{name}={labels[name]}" for name in PARENT_LABELS.values() if name in labels]
        query = {"labelSelector": ",".join([CHILD_SELECTOR, *parents])}
        path = collection_path(Kind.POD, Key.of(child).namespace)
        found = await self._client.request("GET", path, about=Kind.POD, query=query, verb="list")
        for pod in found.get("items") or ():
            self._mirror.accept("MODIFIED", trim(Kind.POD, pod))
