"""What both clusters must do alike: the laptop promises nothing that Kubernetes does not keep."""

from __future__ import annotations

import asyncio

import pytest

from segue_core.contract import ExtractSummary, VerifySummary
from segue_operator.children.metadata import controller_uid
from segue_operator.kinds.objects import Kind
from support import workloads
from support.batches import nonzero
from support.faults import Mortality
from support.scenarios import EXTRACTED, PATIENCE, VERIFIED, batch, is_true, jobs, key, pod_ended, said, until
from support.waiting import eventually
from support.workloads import condition
from support.worlds import World, write_script


async def test_happy_path(world: World) -> None:
    write_script(world, extract="wait", verify=VERIFIED)
    async with world.operator():
        await world.create(batch(world))
        await is_true(world, "SinkReady")
        write_script(world, extract=EXTRACTED, verify=VERIFIED)
        found = await until(world, "Completed")
        assert found["status"]["phase"] == "Succeeded"
        assert nonzero(found["status"]["tracks"]) == {"listed": 10, "extracted": 10, "stored": 10}
        assert found["status"]["observedGeneration"] == found["metadata"]["generation"]
        assert await jobs(world) == ["songs-extract", "songs-verify"]

        async def sink_is_gone() -> bool:
            return not await world.list(Kind.DEPLOYMENT)

        await eventually(sink_is_gone, seconds=PATIENCE, pause=0.2)
    for job in await world.list(Kind.JOB):
        assert controller_uid(job) == found["metadata"]["uid"]


async def test_a_shard_that_fails_is_tried_again(world: World) -> None:
    write_script(world, extract_0=EXTRACTED, extract_1={"code": 1}, verify=VERIFIED)
    async with world.operator():
        await world.create(batch(world))
        await pod_ended(world, 1)
        write_script(world, extract=EXTRACTED, verify=VERIFIED)
        assert (await until(world, "Completed"))["status"]["tracks"]["extracted"] == 10


async def test_an_outage_is_not_counted_as_a_failure_of_the_shard(world: World) -> None:
    write_script(world, extract={"code": 4}, verify=VERIFIED)
    async with world.operator():
        await world.create(batch(world, extraction={"backoffLimitPerShard": 0}))
        await pod_ended(world, 4)
        write_script(world, extract=EXTRACTED, verify=VERIFIED)
        assert (await until(world, "Completed"))["status"]["tracks"]["extracted"] == 10


async def test_a_poison_shard_ends_alone_and_is_named(world: World) -> None:
    poison = said(ExtractSummary(error="shard 1 cannot be read"), code=3)
    write_script(
        world, extract_0=EXTRACTED, extract_1=poison, verify=said(VerifySummary(listed=10, stored=5, missing=5), 1)
    )
    async with world.operator():
        await world.create(batch(world, extraction={"backoffLimitPerShard": 0}))
        await until(world, "Verifying")
        write_script(world, verify=said(VerifySummary(listed=10, stored=5, missing=5), 3))
        found = await until(world, "ExtractionFailed")
    message = condition(found, "Succeeded")["message"]
    assert "shard 1 failed (shard 1 cannot be read)" in message
    assert "5 of 10 tracks" in message
    assert condition(found, "Failed")["status"] == "True"
    job = await world.get(key(world, Kind.JOB, "songs-extract"))
    assert job is not None
    assert job["status"]["failedIndexes"] == "1"
    assert job["status"]["succeeded"] == 1


async def test_a_wrong_configuration_fails_at_once(world: World) -> None:
    wrong = said(ExtractSummary(error="SEGUE_WORKERS is not a whole number"), code=2)
    write_script(world, extract_0="wait", extract_1=wrong)
    async with world.operator():
        await world.create(batch(world))
        found = await until(world, "ExtractionFailed")
    assert "SEGUE_WORKERS is not a whole number" in condition(found, "Succeeded")["message"]
    assert await jobs(world) == ["songs-extract"]


async def test_suspended_it_runs_nothing_and_resumed_it_continues(world: World) -> None:
    write_script(world, extract="wait", verify=VERIFIED)
    async with world.operator():
        await world.create(batch(world))
        await is_true(world, "SinkReady")
        await world.change(key(world), suspend=True)
        await until(world, "SuspendRequested")

        async def rests() -> bool:
            pods = await world.list(Kind.POD)
            return not [pod for pod in pods if (pod.get("status") or {}).get("phase") in (None, "Pending", "Running")]

        await eventually(rests, seconds=PATIENCE, pause=0.2)
        assert condition(await world.get(key(world)) or {}, "Suspended")["status"] == "True"
        write_script(world, extract=EXTRACTED, verify=VERIFIED)
        await world.change(key(world), suspend=False)
        found = await until(world, "Completed")
    assert condition(found, "Suspended") | {"reason": "Resumed", "status": "False"} == condition(found, "Suspended")


async def test_a_batch_created_suspended_starts_nothing(world: World) -> None:
    write_script(world, extract=EXTRACTED, verify=VERIFIED)
    async with world.operator():
        await world.create(batch(world, suspend=True))
        await until(world, "SuspendRequested")
        assert await jobs(world) == []
        await world.change(key(world), suspend=False)
        await until(world, "Completed")


async def test_at_the_deadline_all_work_ends(world: World) -> None:
    write_script(world, extract="wait")
    async with world.operator():
        await world.create(batch(world, activeDeadlineSeconds=4))
        found = await until(world, "DeadlineExceeded")

        async def rests() -> bool:
            pods = await world.list(Kind.POD)
            return not [pod for pod in pods if (pod.get("status") or {}).get("phase") in (None, "Pending", "Running")]

        await eventually(rests, seconds=PATIENCE, pause=0.2)
    assert condition(found, "Failed")["status"] == "True"
    assert await world.list(Kind.DEPLOYMENT) == []


async def test_a_sink_goes_with_its_batch_even_without_an_operator(world: World) -> None:
    write_script(world, extract="wait")
    async with world.operator():
        await world.create(batch(world))
        await is_true(world, "SinkReady")
    await world.delete(key(world))

    async def all_are_gone() -> bool:
        return not (await world.list(Kind.DEPLOYMENT) or await world.list(Kind.POD))

    await eventually(all_are_gone, seconds=PATIENCE, pause=0.2)


async def test_a_taken_name_blocks_and_once_free_the_batch_runs(world: World) -> None:
    write_script(world, extract=EXTRACTED, verify=VERIFIED)
    foreign = workloads.deployment("segue-sink", "sleep", "600", replicas=0, container={"image": "localhost/none:1"})
    await world.create(foreign)
    async with world.operator():
        await world.create(batch(world))
        found = await until(world, "NameConflict")
        assert "segue-sink" in condition(found, "Succeeded")["message"]
        assert await jobs(world) == []
        kept = await world.get(key(world, Kind.DEPLOYMENT, "segue-sink"))
        assert kept is not None
        assert controller_uid(kept) is None
        await world.delete(key(world, Kind.DEPLOYMENT, "segue-sink"))
        await world.change(key(world), ttlSecondsAfterFinished=3600)  # it would look again in half a minute
        await until(world, "Completed")


async def test_what_happens_while_the_operator_is_away_is_not_lost(world: World) -> None:
    write_script(world, extract="wait", verify=VERIFIED)
    async with world.operator():
        await world.create(batch(world))
        await is_true(world, "SinkReady")
    write_script(world, extract=EXTRACTED, verify=VERIFIED)

    async def extracted() -> bool:
        job = await world.get(key(world, Kind.JOB, "songs-extract"))
        return bool(condition(job or {}, "Complete"))

    await eventually(extracted, seconds=PATIENCE, pause=0.2)
    async with world.operator():
        found = await until(world, "Completed")
    assert found["status"]["tracks"]["extracted"] == 10
    assert await jobs(world) == ["songs-extract", "songs-verify"]


@pytest.mark.parametrize("writes", [1, 2, 3, 4, 5, 6, 7])
async def test_an_operator_killed_after_any_write_is_replaced_without_a_trace(world: World, writes: int) -> None:
    write_script(world, extract=EXTRACTED, verify=VERIFIED)
    mortal = Mortality(writes)
    async with world.operator(mortal):
        await world.create(batch(world))
        async with asyncio.timeout(PATIENCE):
            await mortal.died.wait()
    async with world.operator():
        found = await until(world, "Completed")

        async def sink_is_gone() -> bool:
            return not await world.list(Kind.DEPLOYMENT)

        await eventually(sink_is_gone, seconds=PATIENCE, pause=0.2)
    assert nonzero(found["status"]["tracks"]) == {"listed": 10, "extracted": 10, "stored": 10}
    assert await jobs(world) == ["songs-extract", "songs-verify"]
