"""The operator ends right after any of its writes and is started again: the same result, one child of each kind."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from segue.cluster.local_cluster import LocalCluster
from segue_operator.children.config import ChildConfig, KafkaAccess
from segue_operator.controller.cluster import Cluster
from segue_operator.kinds.objects import Key, Kind
from segue_operator.kube.client import Client
from segue_operator.kube.composition import Operator
from segue_operator.kube.operator_settings import Settings
from support.api_server import ApiServer, serving
from support.faults import Mortality
from support.manifests import track_batch, training_run
from support.small_world import small_world
from support.waiting import eventually_true

SETTINGS = Settings(children=ChildConfig(kafka=KafkaAccess(bootstrap="kafka:9092")), http_port=0)
RESOURCES = (track_batch(extraction={"shards": 2, "parallelism": 2}), training_run(batches=["songs"]))
CHILDREN = (Kind.JOB, Kind.DEPLOYMENT, Kind.SPARK_APPLICATION)


class Mortal(Operator):
    """An operator that may end in mid-work."""

    def __init__(self, settings: Settings, mortality: Mortality) -> None:
        super().__init__(settings)
        self._mortality = mortality

    def cluster(self, client: Client) -> Cluster:
        return self._mortality(super().cluster(client))


async def live(server: ApiServer, dies_after: int = 0) -> list[tuple[str, Key]]:
    """One life of an operator: to its death, or until everything has ended; gives its writes."""
    mortality = Mortality(dies_after)
    victim = asyncio.create_task(Mortal(SETTINGS, mortality).run(), name="victim")
    try:
        await eventually_true(lambda: victim.done() or is_over(server), seconds=60)
    finally:
        victim.cancel()
        await asyncio.gather(victim, return_exceptions=True)
    return mortality.writes


def is_over(server: ApiServer) -> bool:
    found = [server.store.get(Key.of(resource)) for resource in RESOURCES]
    ended = all(((one or {}).get("status") or {}).get("phase") == "Succeeded" for one in found)
    return ended and not server.store.select(Kind.DEPLOYMENT)


def end_of(server: ApiServer) -> dict[str, Any]:
    """The final state, without what differs from run to run."""
    end: dict[str, Any] = {}
    for resource in RESOURCES:
        found = server.store.get(Key.of(resource))
        assert found is not None
        status = found["status"]
        verdict = {one["type"]: (one["status"], one["reason"], one["message"]) for one in status["conditions"]}
        end[resource["kind"]] = verdict, status["phase"], status.get("tracks"), found["metadata"]["generation"]
    for kind in CHILDREN:
        end[kind] = [Key.of(child).name for child in server.store.select(kind)]
    return end


@pytest.mark.slow
async def test_every_write_may_be_the_last_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected: dict[str, Any] = {}
    count = 0
    while True:
        folder = tmp_path / str(count)
        folder.mkdir()
        async with (
            LocalCluster(folder / "state", processes=False) as cluster,
            small_world(cluster),
            serving(cluster) as server,
        ):
            monkeypatch.setenv("KUBECONFIG", str(server.kubeconfig(folder)))
            for resource in RESOURCES:
                server.store.create(resource)
            writes = await live(server, dies_after=count)
            if not count:
                expected = end_of(server)
            elif len(writes) < count:
                break  # the whole life has no more writes than this
            else:
                await live(server)
                assert end_of(server) == expected, f"after write {count}: {writes[-1]}"
        count += 1
    assert count > 10
    assert {kind: len(expected[kind]) for kind in CHILDREN} == {
        Kind.JOB: 2, Kind.DEPLOYMENT: 0, Kind.SPARK_APPLICATION: 1,
    }  # fmt: skip
