"""The conformance scenarios' world on one machine: processes."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from segue.cluster.kubelet.programs import Program
from segue.cluster.local_cluster import LocalCluster
from segue.commands.changes import check_stored
from segue_core.contract.backoff import Backoff
from segue_operator.controller.controller import Controller
from segue_operator.kinds.objects import Key, Kind, Manifest
from segue_operator.reconcile.dispatch import interests, plan
from segue_operator.reconcile.sink_plan import plan_sink
from support.worlds import CONFIG, MONGODB_URI, SCRIPT_FOLDER, Wrap, write_programs


class LocalWorld:
    """Processes of this machine."""

    namespace = "default"
    runs_spark = True

    def __init__(
        self, cluster: LocalCluster, source: Path, claims: dict[str, Path], secrets: dict[str, dict[str, str]]
    ) -> None:
        self._cluster = cluster
        self.source = source
        self._claims = claims
        self._secrets = secrets

    async def create(self, manifest: Manifest) -> None:
        await self._cluster.create(manifest)

    async def change(self, key: Key, **spec: Any) -> None:
        found = await self._cluster.get(key)
        assert found is not None
        merge(found["spec"], spec)
        await self._cluster.apply(found)

    async def get(self, key: Key) -> Manifest | None:
        return await self._cluster.get(key)

    async def list(self, kind: Kind) -> list[Manifest]:
        return await self._cluster.list(kind, self.namespace)

    async def delete(self, key: Key) -> None:
        await self._cluster.delete(key)

    async def provide_claim(self, name: str) -> None:
        self._claims[name] = self.source

    async def provide_secret(self, name: str, **values: str) -> None:
        self._secrets[name] = values

    async def remove_secret(self, name: str) -> None:
        del self._secrets[name]

    @asynccontextmanager
    async def operator(self, wrap: Wrap = lambda cluster: cluster) -> AsyncIterator[None]:
        controller = Controller(wrap(self._cluster), CONFIG, plan=plan, interests=interests, plan_sink=plan_sink)
        task = asyncio.create_task(controller.run(), name="victim")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def local_world(folder: Path) -> AsyncIterator[LocalWorld]:
    """A world in a folder."""
    source = folder / "source"
    source.mkdir()
    write_programs(folder / "programs")
    quick = Backoff(first_seconds=0.2, longest_seconds=1.0)
    claims = {"music": source}
    secrets = {"segue-mongodb": {"uri": MONGODB_URI}}
    cluster = LocalCluster(
        folder / "state",
        volumes=claims,
        secrets=secrets,
        environment={"PYTHONPATH": str(folder / "programs"), SCRIPT_FOLDER: str(source)},
        validate=check_stored,
        job_backoff=quick,
        restart_backoff=quick,
    )
    train = Program([sys.executable, "-m", "segue_jobs.train"])
    with patch("segue.cluster.kubelet.programs._spark_submit", return_value=train):
        async with cluster:
            yield LocalWorld(cluster, source, claims, secrets)


def merge(target: dict[str, Any], changes: dict[str, Any]) -> None:
    """JSON merge patch of maps."""
    for name, value in changes.items():
        if isinstance(value, dict) and isinstance(target.get(name), dict):
            merge(target[name], value)
        else:
            target[name] = value
