"""The port to a cluster: the part of Kubernetes that the controller needs.

There are two implementations: Kubernetes and local processes. Objects are plain manifests (JSON dictionaries in
Kubernetes' shapes), so a laptop runs exactly what would be applied to a cluster.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from segue_operator.kinds.objects import Key, Kind, Manifest


@dataclass(frozen=True)
class WatchEvent:
    """An object changed; ``ADDED`` is also sent for objects that exist when a watch starts."""

    type: Literal["ADDED", "MODIFIED", "DELETED"]
    object: Manifest


class ClusterError(Exception):
    """A call failed; the message is the server's."""


class AlreadyExistsError(ClusterError):
    """Create: an object of that name exists already."""


class NotFoundError(ClusterError):
    """The object does not exist."""


class ConflictError(ClusterError):
    """The object has changed in the meantime, or another manager owns the field."""


class InvalidError(ClusterError):
    """The server refused the object, and would refuse it again."""


class NamespaceTerminatingError(InvalidError):
    """The namespace is being deleted: nothing can be created in it."""


class KindMissingError(ClusterError):
    """The cluster does not serve the kind: its CRD is not installed."""


class UnavailableError(ClusterError):
    """The server did not answer, or asks to retry later."""

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class Cluster(Protocol):
    """What the controller can do with a cluster; each call may raise a `ClusterError`."""

    async def get(self, key: Key) -> Manifest | None:
        """Read one object; None if it does not exist."""
        ...

    async def list(
        self, kind: Kind, namespace: str | None = None, labels: Mapping[str, str] | None = None
    ) -> list[Manifest]:
        """Read all objects of a kind that carry the labels."""
        ...

    async def create(self, manifest: Manifest) -> Manifest:
        """Create an object; `AlreadyExistsError` if the name is taken."""
        ...

    async def apply(self, manifest: Manifest) -> Manifest:
        """Server-side apply with Segue's field manager."""
        ...

    async def delete(self, key: Key) -> None:
        """Delete an object and, in the background, what it owns; a missing one is not an error."""
        ...

    async def apply_status(self, key: Key, status: Mapping[str, Any]) -> None:
        """Replace the status of one of Segue's own kinds."""
        ...

    async def create_event(self, about: Manifest, *, type_: str, reason: str, message: str) -> None:
        """Record an event; ``type_`` is ``Normal`` or ``Warning``."""
        ...

    async def is_terminating(self, namespace: str) -> bool:
        """Whether the namespace is being deleted."""
        ...

    def watch(self, kinds: Collection[Kind]) -> AsyncIterator[WatchEvent]:
        """Existing objects first, then every change, until the iterator is closed."""
        ...
