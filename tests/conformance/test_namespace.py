"""Against a real API server: a namespace that is deleted goes, whatever its batch is at.

Kubernetes deletes a namespace's pods before anything else, and a Job whose retries are counted by index holds the last
failed pod of each index until it has made the next one, which it cannot any more. On the local cluster no namespace is
ever deleted.
"""

from __future__ import annotations

from typing import Any

import pytest

from segue_operator.kinds.objects import Kind
from support.kubernetes_world import KubernetesWorld
from support.scenarios import EXTRACTED, PATIENCE, batch, is_true, key, pod_ended, until
from support.waiting import eventually
from support.worlds import World, write_script

ON_KUBERNETES = pytest.mark.parametrize("world", [pytest.param("kubernetes", marks=pytest.mark.cluster)], indirect=True)
FAILING = {"code": 1}


async def runs(world: World) -> None:
    """Both shards run."""

    async def look() -> bool:
        job: Any = await world.get(key(world, Kind.JOB, "songs-extract"))
        return bool(job) and (job.get("status") or {}).get("ready") == 2

    await eventually(look, seconds=PATIENCE, pause=0.2)


async def fails(world: World) -> None:
    """A shard has failed."""
    await pod_ended(world, 1)


async def rests(world: World) -> None:
    """A shard has failed, and then the batch was suspended."""
    await fails(world)
    await world.change(key(world), suspend=True)
    await until(world, "SuspendRequested")


async def is_proved(world: World) -> None:
    """The shards are done and the verification runs."""
    await until(world, "Verifying")

    async def look() -> bool:
        job: Any = await world.get(key(world, Kind.JOB, "songs-verify"))
        return bool(job) and (job.get("status") or {}).get("ready") == 1

    await eventually(look, seconds=PATIENCE, pause=0.2)


@ON_KUBERNETES
@pytest.mark.parametrize(
    ("script", "state"),
    [
        ({"extract": "wait"}, runs),
        ({"extract_0": "wait", "extract_1": FAILING}, fails),
        ({"extract_0": "wait", "extract_1": FAILING}, rests),
        ({"extract": EXTRACTED, "verify": "wait"}, is_proved),
    ],
    ids=["its shards run", "a shard waits for its next try", "it is suspended after a failure", "it is verified"],
)
async def test_a_namespace_with_a_batch_can_be_deleted(
    world: KubernetesWorld, script: dict[str, Any], state: Any
) -> None:
    write_script(world, **script)
    async with world.operator():
        await world.create(batch(world))
        await state(world)
        await world.delete_namespace()
        await eventually(world.is_gone, seconds=PATIENCE, pause=0.2)


@ON_KUBERNETES
async def test_a_pod_that_somebody_deletes_costs_its_job_nothing(world: KubernetesWorld) -> None:
    write_script(world, extract="wait")
    async with world.operator():
        await world.create(batch(world))
        await runs(world)
        before: Any = await world.get(key(world, Kind.JOB, "songs-extract"))
        for pod in await world.list(Kind.POD):
            await world.delete(key(world, Kind.POD, pod["metadata"]["name"]))
        await pod_ended(world, 1)
        await runs(world)
        after: Any = await world.get(key(world, Kind.JOB, "songs-extract"))
        assert after["metadata"]["uid"] == before["metadata"]["uid"]
        write_script(world, extract=EXTRACTED)
        await is_true(world, "SinkReady")
        await until(world, "Verifying")
