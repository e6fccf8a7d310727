"""Stopped right after any of its writes and started again, the controller reaches the same result."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from segue.cluster.local_cluster import LocalCluster
from segue_operator.children.config import ChildConfig, KafkaAccess
from segue_operator.controller.cluster import Cluster
from segue_operator.controller.controller import Controller
from segue_operator.kinds.objects import Key, Kind
from segue_operator.reconcile.dispatch import interests, plan
from segue_operator.reconcile.sink_plan import plan_sink
from support.faults import FaultyCluster
from support.manifests import track_batch, training_run
from support.small_world import small_world
from support.workloads import NOW

CONFIG = ChildConfig(kafka=KafkaAccess(bootstrap="kafka:9092"))
RESOURCES = (
    track_batch(extraction={"shards": 2, "parallelism": 2}),
    training_run(batches=[track_batch()["metadata"]["name"]]),
)
CHILDREN = (Kind.JOB, Kind.DEPLOYMENT, Kind.SPARK_APPLICATION)


async def live(cluster: Cluster) -> None:
    """One life of a controller, until both resources have ended and nothing is left to do."""
    controller = Controller(
        cluster, CONFIG, plan=plan, interests=interests, plan_sink=plan_sink, clock=lambda: NOW, workers=1
    )
    task = asyncio.create_task(controller.run())
    quiet = 0
    try:
        async with asyncio.timeout(20):
            while quiet < 5:
                await asyncio.sleep(0.001)
                found = [await cluster.get(Key.of(resource)) for resource in RESOURCES]
                ended = all(((one or {}).get("status") or {}).get("phase") == "Succeeded" for one in found)
                quiet = quiet + 1 if ended and controller.is_idle else 0
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def end_of(cluster: LocalCluster) -> dict[str, Any]:
    """The final state, without what differs from run to run."""
    end: dict[str, Any] = {}
    for resource in RESOURCES:
        found = await cluster.get(Key.of(resource))
        assert found is not None
        end[resource["kind"]] = (found["status"], found["metadata"]["generation"])
    for kind in CHILDREN:
        end[kind] = [Key.of(child).name for child in await cluster.list(kind)]
    end["pods"] = len(await cluster.list(Kind.POD))
    return end


async def prepare(cluster: LocalCluster) -> None:
    for resource in RESOURCES:
        await cluster.create(resource)


def killing_after(cluster: LocalCluster, writes: int) -> FaultyCluster:
    """A cluster in which the controller that works with it ends right after its k-th write."""

    def kill(_verb: str, _key: Key) -> None:
        if len(faulty.writes) == writes:
            for task in asyncio.all_tasks():
                if task.get_name() == "victim":
                    task.cancel()
            raise asyncio.CancelledError

    faulty = FaultyCluster(cluster, after=kill)
    return faulty


async def test_every_crash_point_leads_to_the_same_end(tmp_path: Path) -> None:
    async with LocalCluster(tmp_path / "undisturbed", processes=False) as cluster, small_world(cluster):
        await prepare(cluster)
        faulty = FaultyCluster(cluster)
        await live(faulty)
        expected, writes = await end_of(cluster), len(faulty.writes)
    assert {kind: len(expected[kind]) for kind in CHILDREN} == {
        Kind.JOB: 2, Kind.DEPLOYMENT: 0, Kind.SPARK_APPLICATION: 1,
    }  # fmt: skip
    assert {verb for verb, _ in faulty.writes} == {"create", "apply", "apply_status", "create_event", "delete"}
    for count in range(1, writes + 1):
        folder = tmp_path / str(count)
        async with LocalCluster(folder, processes=False) as cluster, small_world(cluster):
            await prepare(cluster)
            faulty = killing_after(cluster, count)
            victim = asyncio.create_task(live(faulty), name="victim")
            await asyncio.gather(victim, return_exceptions=True)
            if len(faulty.writes) < count:
                break  # this time fewer intermediate states were seen, and told
            assert victim.cancelled()
        async with LocalCluster(folder, processes=False) as cluster, small_world(cluster):  # read from disk again
            await live(cluster)
            assert await end_of(cluster) == expected, f"after write {count}"
    assert count > 10
