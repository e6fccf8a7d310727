"""More batches than places: the oldest work, the others queue, and all come to their end."""

from __future__ import annotations

from segue_operator.children.config import ACTIVE_BATCHES
from segue_operator.kinds.conditions import is_finished
from segue_operator.kinds.objects import Key, Kind
from segue_operator.reconcile.batch_queue import holds_place
from support.scenarios import EXTRACTED, PATIENCE, VERIFIED, batch, until
from support.waiting import eventually
from support.worlds import World, write_script

NAMES = [f"songs-{number}" for number in range(ACTIVE_BATCHES + 2)]


def key_of(world: World, name: str) -> Key:
    return Key(Kind.TRACK_BATCH, world.namespace, name)


async def active(world: World) -> set[str]:
    return {Key.of(found).name for found in await world.list(Kind.TRACK_BATCH) if holds_place(found)}


async def create_all(world: World) -> None:
    for name in NAMES:
        made = batch(world, extraction={"shards": 1, "parallelism": 1})
        made["metadata"]["name"] = name
        await world.create(made)


async def test_the_oldest_batches_work_and_the_others_queue(world: World) -> None:
    write_script(world, extract="wait", verify=VERIFIED)
    async with world.operator():
        await create_all(world)
        for name in NAMES[ACTIVE_BATCHES:]:
            await until(world, "Queued", of=key_of(world, name))
        for name in NAMES[:ACTIVE_BATCHES]:
            await until(world, "Extracting", of=key_of(world, name))
    before = await active(world)
    assert before == set(NAMES[:ACTIVE_BATCHES])
    async with world.operator():
        await world.change(key_of(world, NAMES[0]), suspend=True)
        await until(world, "Extracting", of=key_of(world, NAMES[ACTIVE_BATCHES]))
        assert await active(world) == {*NAMES[1 : ACTIVE_BATCHES + 1]}
        await world.change(key_of(world, NAMES[0]), suspend=False)
        await until(world, "Queued", of=key_of(world, NAMES[0]))
        most = 0

        async def all_have_ended() -> bool:
            nonlocal most
            most = max(most, len(await active(world)))
            return all(is_finished(found) for found in await world.list(Kind.TRACK_BATCH))

        write_script(world, extract=EXTRACTED, verify=VERIFIED)
        await eventually(all_have_ended, seconds=PATIENCE, pause=0.05)
        assert most <= ACTIVE_BATCHES
        for name in NAMES:
            await until(world, "Completed", of=key_of(world, name))
