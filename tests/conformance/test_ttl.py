"""What is finished goes after its time, and all that it made goes with it."""

from __future__ import annotations

from datetime import UTC, datetime

from segue_core.contract.times import parse_timestamp
from segue_operator.kinds.objects import Key, Kind
from support.manifests import training_run
from support.scenarios import EXTRACTED, PATIENCE, VERIFIED, batch, is_gone, jobs, key, until
from support.waiting import eventually
from support.worlds import World, write_script


async def test_a_batch_is_deleted_after_its_ttl_with_its_jobs_and_pods(world: World) -> None:
    write_script(world, extract=EXTRACTED, verify=VERIFIED)
    async with world.operator():
        await world.create(batch(world, ttlSecondsAfterFinished=8))
        found = await until(world, "Completed")
        assert await jobs(world) == ["songs-extract", "songs-verify"], "they stay as long as the batch"
        await is_gone(world, key(world))
    finished = parse_timestamp(found["status"]["completionTime"])
    assert (datetime.now(UTC) - finished).total_seconds() >= 8


async def test_a_ttl_that_is_set_afterwards_counts_from_the_end(world: World) -> None:
    write_script(world, extract=EXTRACTED, verify=VERIFIED)
    async with world.operator():
        await world.create(batch(world, sink={"keepRunning": True}))
        await until(world, "Completed")
        assert await world.list(Kind.DEPLOYMENT), "the sink was to be kept"
        await world.change(key(world), ttlSecondsAfterFinished=0)
        await is_gone(world, key(world))


async def test_a_failed_training_run_is_deleted_too_and_leaves_its_batch(world: World) -> None:
    write_script(world, extract="wait")
    run = Key(Kind.TRAINING_RUN, world.namespace, "weekly")
    async with world.operator():
        await world.create(batch(world))
        await world.create(training_run(batches=["songs"], catalogue="another", ttlSecondsAfterFinished=4))
        await until(world, "WrongCatalogue", of=run)
        assert await world.get(run) is not None

        async def run_is_gone() -> bool:
            return await world.get(run) is None

        await eventually(run_is_gone, seconds=PATIENCE, pause=0.2)
        assert await world.get(key(world)) is not None
