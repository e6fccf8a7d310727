"""Kubernetes behind the controller's port: the mirror answers reads; writes go to the API server and the mirror."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from segue_core.contract.times import timestamp
from segue_operator.children.metadata import is_ours
from segue_operator.controller.cluster import (
    AlreadyExistsError,
    ConflictError,
    InvalidError,
    KindMissingError,
    NamespaceTerminatingError,
    NotFoundError,
    WatchEvent,
)
from segue_operator.kinds.constants import FIELD_MANAGER
from segue_operator.kinds.objects import API_VERSIONS, OWN_KINDS, Key, Kind, Manifest, type_meta
from segue_operator.kube.client import APPLY, Client
from segue_operator.kube.mirror import Mirror
from segue_operator.kube.paths import collection_path, object_path
from segue_operator.kube.trim import trim

logger = logging.getLogger(__name__)

MOST_FREE_NAMES = 10_000
"""How many free names to remember before asking for all of them again; a limit on memory."""
_BY_US = {"fieldManager": FIELD_MANAGER}
_APPLIED = {**_BY_US, "force": "true"}
_IN_THE_BACKGROUND = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}


class KubernetesCluster:
    """The cluster that the operator runs in.

    Watches do not see objects without Segue's label. So the API server is asked whether a child's name is free: once,
    or in every pass while such an object has the name.
    """

    def __init__(self, client: Client, mirror: Mirror, *, instance: str = FIELD_MANAGER) -> None:
        self._client = client
        self._mirror = mirror
        self._instance = instance
        self._free: set[Key] = set()

    # ------------------------------------------------------------------------------------------------------- reading

    async def get(self, key: Key) -> Manifest | None:
        """Read one object; None if it does not exist."""
        self._require(key.kind)
        found = self._mirror.get(key)
        if found is not None or key.kind in OWN_KINDS or key in self._free:
            return found
        return await self._look(key)

    async def list(
        self, kind: Kind, namespace: str | None = None, labels: Mapping[str, str] | None = None
    ) -> list[Manifest]:
        """Read all objects of a kind that carry the labels."""
        self._require(kind)
        return self._mirror.select(kind, namespace, labels)

    async def watch(self, kinds: Collection[Kind]) -> AsyncIterator[WatchEvent]:
        """Existing objects first, then every change, until the iterator is closed; a missing kind may come later."""
        changes: asyncio.Queue[WatchEvent] = asyncio.Queue()

        def keep(event: WatchEvent) -> None:
            if event.object["kind"] in kinds:
                changes.put_nowait(event)

        unsubscribe = self._mirror.subscribe(keep)
        try:
            for kind in kinds:
                for existing in self._mirror.each(kind):
                    yield WatchEvent("ADDED", existing)
            while True:
                yield await changes.get()
        finally:
            unsubscribe()

    def _require(self, kind: Kind) -> None:
        if not self._mirror.serves(kind):
            raise KindMissingError(
                f"the API server does not serve {kind} ({API_VERSIONS[kind]}): is its CRD installed?"
            )

    async def _look(self, key: Key) -> Manifest | None:
        """Ask the API server, and remember a free name: if it is taken later, creating the child will fail."""
        try:
            found = trim(key.kind, await self._client.request("GET", object_path(key), about=key.kind))
        except NotFoundError:
            if len(self._free) >= MOST_FREE_NAMES:
                self._free.clear()
            self._free.add(key)
            return None
        self._free.discard(key)
        if _is_watched(found):
            self._mirror.accept("MODIFIED", found)
        return found

    async def is_terminating(self, namespace: str) -> bool:
        """Whether the namespace is being deleted.

        The server is probed with a dry-run Event, which needs no right to read namespaces. Any other refusal of the
        Event says nothing about the namespace.
        """
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"generateName": "probe.", "namespace": namespace},
            "involvedObject": {"kind": "Namespace", "namespace": namespace, "name": namespace},
            "type": "Normal",
            "reason": "Probe",
        }
        path, query = f"/api/v1/namespaces/{namespace}/events", {**_BY_US, "dryRun": "All"}
        try:
            await self._client.request("POST", path, about="Event", query=query, body=event, verb="dry_run")
        except NamespaceTerminatingError:
            return True
        except InvalidError as error:
            logger.warning("cannot tell whether namespace %s is being deleted: %s", namespace, error)
        return False

    # ------------------------------------------------------------------------------------------------------- writing

    async def create(self, manifest: Manifest) -> Manifest:
        """Create an object; `AlreadyExistsError` if the name is taken."""
        key = Key.of(manifest)
        path = collection_path(key.kind, key.namespace)
        try:
            created = await self._client.request("POST", path, about=key.kind, query=_BY_US, body=manifest)
        except AlreadyExistsError:
            await self._look(key)
            raise
        return self._accept(key.kind, created)

    async def apply(self, manifest: Manifest) -> Manifest:
        """Server-side apply with Segue's field manager; never over an object that was not seen before.

        Raises
        ------
        ConflictError
            An object of that name has appeared: find out who owns it.
        """
        key = Key.of(manifest)
        if self._mirror.get(key) is None and await self._look(key) is not None:
            raise ConflictError(f"{key} exists already")
        applied = await self._client.request(
            "PATCH", object_path(key), about=key.kind, query=_APPLIED, body=manifest, content_type=APPLY, verb="apply"
        )
        return self._accept(key.kind, applied)

    async def delete(self, key: Key) -> None:
        """Delete an object and, in the background, what it owns; a missing one is not an error.

        Raises
        ------
        ConflictError
            Another object has the name by now.
        """
        known = self._mirror.get(key)
        only = {} if known is None else {"preconditions": {"uid": known["metadata"]["uid"]}}
        try:
            await self._client.request("DELETE", object_path(key), about=key.kind, body=_IN_THE_BACKGROUND | only)
        except NotFoundError:
            self._mirror.forget(key)

    async def apply_status(self, key: Key, status: Mapping[str, Any]) -> None:
        """Replace the status of one of Segue's own kinds."""
        metadata = {"name": key.name, "namespace": key.namespace}
        known = self._mirror.get(key)
        if known is not None:
            metadata["uid"] = known["metadata"]["uid"]  # not the status of a new object of the same name
        identity = type_meta(key.kind) | {"metadata": metadata}
        applied = await self._client.request(
            "PATCH",
            f"{object_path(key)}/status",
            about=key.kind,
            query=_APPLIED,
            body={**identity, "status": dict(status)},
            content_type=APPLY,
            verb="apply_status",
        )
        self._accept(key.kind, applied)

    async def create_event(self, about: Manifest, *, type_: str, reason: str, message: str) -> None:
        """Record an event; ``type_`` is ``Normal`` or ``Warning``.

        The name follows from what the event says. So the API server records it once, should a second operator come to
        the same result, or a pod fail over and over for the same reason.
        """
        metadata, now = about["metadata"], timestamp(datetime.now(UTC))
        reference = {"apiVersion": about["apiVersion"], "kind": about["kind"]}
        body = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": _event_name(metadata, type_, reason, message), "namespace": metadata["namespace"]},
            "involvedObject": reference | {name: metadata[name] for name in ("name", "namespace", "uid")},
            "type": type_,
            "reason": str(reason),
            "message": message,
            "source": {"component": FIELD_MANAGER},
            "reportingComponent": FIELD_MANAGER,
            "reportingInstance": self._instance,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }
        path = f"/api/v1/namespaces/{metadata['namespace']}/events"
        with suppress(AlreadyExistsError):
            await self._client.request("POST", path, about="Event", body=body)

    def _accept(self, kind: Kind, answer: Mapping[str, Any]) -> Manifest:
        written = trim(kind, answer)
        self._mirror.accept("MODIFIED", written)
        return written


def _event_name(about: Mapping[str, Any], *says: str) -> str:
    digest = hashlib.sha256("\n".join((about["uid"], str(about.get("generation")), *says)).encode()).hexdigest()
    return f"{about['name']}.{digest[:16]}"


def _is_watched(manifest: Manifest) -> bool:
    return manifest["kind"] in OWN_KINDS or is_ours(manifest)
