"""Stopped right after any of its writes and started anew, the controller reaches the same end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from segue_operator.api.objects import Key, Kind
from segue_operator.controller.cluster import Cluster
from segue_operator.controller.controller import Controller
from segue_operator.local.cluster import LocalCluster
from support import toy_plan
from support.faults import FaultyCluster
from support.workloads import key

BATCH, JOB = key(Kind.TRACK_BATCH, "b"), key(Kind.JOB, "b-job")
COMPLETE = {"conditions": [{"type": "Complete", "status": "True"}]}


async def life(cluster: Cluster) -> None:
    """One life of a controller, until all is done; the Job is completed once it is there."""
    controller = Controller(cluster, None, plan=toy_plan.plan, interests=toy_plan.interests, workers=1)
    task = asyncio.create_task(controller.run())
    try:
        async with asyncio.timeout(10):
            while not task.done():
                job, batch = await asyncio.gather(cluster.get(JOB), cluster.get(BATCH))
                phase = ((batch or {}).get("status") or {}).get("phase")
                if job is not None and phase == "Running" and controller.is_idle:
                    await raw(cluster).apply_status(JOB, COMPLETE)
                if phase == "Succeeded" and controller.is_idle:
                    return
                await asyncio.sleep(0.001)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def raw(cluster: Cluster) -> Cluster:
    return cluster.inner if isinstance(cluster, FaultyCluster) else cluster


async def summary(cluster: LocalCluster) -> dict[str, object]:
    """The final state without what differs from run to run."""
    batch = await cluster.get(BATCH)
    assert batch is not None
    children = {
        kind: [Key.of(found).name for found in await cluster.list(kind)] for kind in (Kind.JOB, Kind.DEPLOYMENT)
    }
    return {"status": batch["status"], "generation": batch["metadata"]["generation"], **children}


def killing_after(cluster: LocalCluster, writes: int) -> FaultyCluster:
    """A cluster in which the process that works with it ends right after its k-th write."""

    def kill(_verb: str, _key: Key) -> None:
        if len(faulty.writes) == writes:
            for task in asyncio.all_tasks():
                if task.get_name() == "victim":
                    task.cancel()
            raise asyncio.CancelledError

    faulty = FaultyCluster(cluster, after=kill)
    return faulty


@pytest.fixture
async def undisturbed(tmp_path: Path) -> AsyncIterator[tuple[dict[str, object], int]]:
    async with LocalCluster(tmp_path / "undisturbed", processes=False) as cluster:
        await cluster.apply(toy_plan.batch())
        faulty = FaultyCluster(cluster)
        await life(faulty)
        yield await summary(cluster), len(faulty.writes)


async def test_every_crash_point_leads_to_the_same_end(
    tmp_path: Path, undisturbed: tuple[dict[str, object], int]
) -> None:
    expected, writes = undisturbed
    assert writes >= 6
    for count in range(1, writes + 1):
        folder = tmp_path / str(count)
        async with LocalCluster(folder, processes=False) as cluster:
            await cluster.apply(toy_plan.batch())
            faulty = killing_after(cluster, count)
            victim = asyncio.create_task(life(faulty), name="victim")
            await asyncio.gather(victim, return_exceptions=True)
            assert victim.cancelled()
            assert len(faulty.writes) == count
        async with LocalCluster(folder, processes=False) as cluster:  # read anew from disk
            await life(cluster)
            assert await summary(cluster) == expected, f"after write {count}"
