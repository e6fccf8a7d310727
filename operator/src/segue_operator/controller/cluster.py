"""The port to a cluster: what the controller needs of Kubernetes, and nothing more.

Two implementations exist behind it: Kubernetes itself and local processes. Objects are plain manifests (JSON
dictionaries in Kubernetes' shapes), so that what runs on a laptop is what would be applied to a cluster.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from segue_operator.api.objects import Key, Kind, Manifest


@dataclass(frozen=True)
class WatchEvent:
    """Something happened to an object; ``ADDED`` is also sent for what exists when a watch starts."""

    type: Literal["ADDED", "MODIFIED", "DELETED"]
    object: Manifest


class ClusterError(Exception):
    """A call failed; the message is the server's."""


class AlreadyExistsError(ClusterError):
    """Create: an object of that name is there."""


class NotFoundError(ClusterError):
    """The object is not there."""


class ConflictError(ClusterError):
    """The object changed meanwhile, or another manager owns the field."""


class InvalidError(ClusterError):
    """The server refused the object: retrying the same one is no use."""


class NamespaceTerminatingError(InvalidError):
    """The namespace is being deleted: nothing can be made in it any more."""


class KindMissingError(ClusterError):
    """The cluster does not know the kind: its CRD is not installed."""


class UnavailableError(ClusterError):
    """The server did not answer, or asks for patience."""

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class Cluster(Protocol):
    """What the controller may do to a cluster; each call may raise a `ClusterError`."""

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
        """Delete an object and, in the background, what it owns; a missing one is no error."""
        ...

    async def apply_status(self, key: Key, status: Mapping[str, Any]) -> None:
        """Replace the status of one of Segue's own kinds."""
        ...

    async def create_event(self, about: Manifest, *, type_: str, reason: str, message: str) -> None:
        """Record an event; ``type_`` is ``Normal`` or ``Warning``."""
        ...

    async def is_terminating(self, namespace: str) -> bool:
        """Whether the namespace is being deleted, as far as the server says."""
        ...

    def watch(self, kinds: Collection[Kind]) -> AsyncIterator[WatchEvent]:
        """Existing objects first, then every change, until the iterator is closed."""
        ...
