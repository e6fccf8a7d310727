"""The state directory: resources, logs and data of this machine, and who works in it.

Any number of ``segue`` processes use its servers at a time (`segue.servers.sharing`); one at a time runs its resources,
and one serves its catalogues.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from segue.locks import NamedLock


@dataclass(frozen=True)
class State:
    """Paths and locks of one state directory."""

    root: Path

    @property
    def logs(self) -> Path:
        """One log for each pod."""
        return self.root / "logs"

    @property
    def controller_log(self) -> Path:
        """Log of the controller and the local cluster."""
        return self.root / "controller.log"

    @property
    def kafka(self) -> Path:
        """The embedded broker's folder."""
        return self.root / "kafka"

    @property
    def mongodb(self) -> Path:
        """The embedded database's folder."""
        return self.root / "mongodb"

    @property
    def service(self) -> Path:
        """Logs and the key of ``segue serve``."""
        return self.root / "service"

    @property
    def cache(self) -> Path:
        """Catalogues as they were assembled from the database last; it may be deleted at any time."""
        return self.root / "cache"

    @property
    def manifests(self) -> Path:
        """The manifests that ``segue sync`` writes, a folder for each catalogue."""
        return self.root / "manifests"

    @property
    def trained(self) -> Path:
        """What ``segue sync`` has trained on, a file for each catalogue; it may be deleted at any time."""
        return self.root / "trained"

    @property
    def volumes(self) -> Path:
        """The folders that ``--volume`` has named."""
        return self.root / "volumes.json"

    @property
    def cluster_lock(self) -> NamedLock:
        """Held by the process that runs the resources."""
        return NamedLock(self.root / "cluster.lock")

    @property
    def service_lock(self) -> NamedLock:
        """Held by the process that serves the catalogues."""
        return NamedLock(self.root / "service.lock")
