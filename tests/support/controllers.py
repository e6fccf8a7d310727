"""A controller of the toy plan over a cluster that a test breaks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from segue_core.contract.backoff import Backoff
from segue_operator.controller.cluster import Cluster
from segue_operator.controller.controller import Controller, Timing
from segue_operator.kinds.objects import Key, Kind, Manifest
from support import toy_plan
from support.workloads import key

BATCH = key(Kind.TRACK_BATCH, "b")
JOB = key(Kind.JOB, "b-job")
DEPLOYMENT = key(Kind.DEPLOYMENT, "b-deployment")
COMPLETE = {"conditions": [{"type": "Complete", "status": "True"}]}
QUICK = Timing(backoff=Backoff(first_seconds=0.002, longest_seconds=300.0))


@asynccontextmanager
async def controlled(cluster: Cluster, **options: Any) -> AsyncIterator[Controller[None]]:
    """One life of a controller."""
    toy = {
        "plan": toy_plan.plan,
        "interests": toy_plan.interests,
        "plan_sink": toy_plan.plan_sink,
        "config": None,
        "uniform": lambda: 0.0,
        "timing": QUICK,
    }
    controller = Controller(cluster, **(toy | options))
    task = asyncio.create_task(controller.run())
    try:
        yield controller
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(cluster: Cluster, wanted: Key, holds: Callable[[Manifest], bool]) -> Manifest:
    """An object, once it is as wanted."""
    async with asyncio.timeout(10):
        while True:
            found = await cluster.get(wanted)
            if found is not None and holds(found):
                return found
            await asyncio.sleep(0.002)


def has_phase(phase: str) -> Callable[[Manifest], bool]:
    """Whether the status has a phase."""
    return lambda found: (found.get("status") or {}).get("phase") == phase


async def settled(controller: Controller[None]) -> None:
    """Nothing waits, for a while."""
    quiet = 0
    async with asyncio.timeout(10):
        while quiet < 10:
            await asyncio.sleep(0.002)
            quiet = quiet + 1 if controller.is_idle else 0
