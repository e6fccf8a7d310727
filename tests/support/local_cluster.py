"""The local cluster in a test's folder, and what tests wait for in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from segue.cluster.kubelet.container import read_group, signal_group
from segue.cluster.local_cluster import LocalCluster
from segue_core.contract.backoff import Backoff
from segue_operator.kinds.objects import Key, Kind, Manifest
from support.waiting import eventually_true
from support.workloads import condition, key

FAST = Backoff(first_seconds=0.05, longest_seconds=0.2)
QUICK_END = {"terminationGracePeriodSeconds": 2}


def cluster_in(folder: Path, **options: Any) -> LocalCluster:
    return LocalCluster(folder / "state", job_backoff=FAST, restart_backoff=FAST, **options)


async def until(cluster: LocalCluster, wanted: Key, holds: Callable[[Manifest], bool]) -> Manifest:
    """The object, as soon as something holds for it."""
    async with asyncio.timeout(30):
        async for event in cluster.watch([wanted.kind]):
            if Key.of(event.object) == wanted and holds(event.object):
                return event.object
    raise AssertionError("the watch ended")


async def ended(cluster: LocalCluster, name: str) -> Manifest:
    """The Job, once it is Complete or Failed."""
    return await until(
        cluster,
        key(Kind.JOB, name),
        lambda found: any(condition(found, type_).get("status") == "True" for type_ in ("Complete", "Failed")),
    )


async def pods(cluster: LocalCluster) -> list[Manifest]:
    return await cluster.list(Kind.POD)


async def no_pods(cluster: LocalCluster) -> bool:
    return not await pods(cluster)


async def running_pod(cluster: LocalCluster, holds: Callable[[Manifest], bool] = lambda _: True) -> Manifest:
    async with asyncio.timeout(30):
        async for event in cluster.watch([Kind.POD]):
            if event.object.get("status", {}).get("phase") == "Running" and holds(event.object):
                return event.object
    raise AssertionError("the watch ended")


async def group_of(folder: Path, pod: Manifest) -> int:
    """Process group of a running pod."""
    path = folder / "state" / "pods" / pod["metadata"]["uid"] / "process-group"
    await eventually_true(lambda: read_group(path))
    group = read_group(path)
    assert group is not None
    return group


def log_of(folder: Path, pod: Manifest) -> Path:
    """What a pod wrote; it stays when the pod goes."""
    return folder / "state" / "logs" / "default" / f"{pod['metadata']['name']}.log"


async def gone(group: int) -> bool:
    """Whether a process group vanishes soon."""
    for _ in range(500):
        if not signal_group(group, 0):
            return True
        await asyncio.sleep(0.02)
    return False


def exit_code(pod: Manifest) -> int:
    return int(pod["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"])
