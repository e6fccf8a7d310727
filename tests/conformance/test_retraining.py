"""A catalogue that keeps itself fresh: batches change it, and its run trains again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from segue_core.contract import TrainSummary, VerifySummary
from segue_operator.kinds.objects import Key, Kind, Manifest
from support.manifests import training_run
from support.scenarios import EXTRACTED, PATIENCE, batch, key, said, until
from support.waiting import eventually
from support.workloads import condition
from support.worlds import World, write_script


def published(version: int, tracks: int) -> dict[str, Any]:
    return said(TrainSummary(tracks=tracks, model=f"music:{version}", k=2, promoted=True, decision="no worse"))


def verified(stored: int, **changes: int) -> dict[str, Any]:
    return said(VerifySummary(listed=stored, stored=stored, extracted=stored, **changes))


async def another_batch(world: World, name: str, changes: dict[str, Any], **programs: Any) -> None:
    """Ingest once more into the same catalogue, a second after what was before, and wait for it to succeed."""
    # A status has whole seconds: what ends in the second in which a training starts counts as in its model.
    await asyncio.sleep(1.1)
    write_script(world, extract=EXTRACTED, verify=changes, **programs)
    manifest = batch(world)
    manifest["metadata"] |= {"name": name, "uid": f"uid-{name}"}
    await world.create(manifest)
    await until(world, "Completed", of=key(world, name=name))


async def in_round(world: World, run: Key, number: int, phase: str) -> Manifest:
    """The run as soon as it is so far."""

    async def look() -> Manifest | None:
        status = ((found := await world.get(run)) or {}).get("status") or {}
        return found if (status.get("retrain") or {}).get("round") == number and status["phase"] == phase else None

    return await eventually(look, seconds=PATIENCE, pause=0.2)


async def test_a_run_recommends_training_and_with_the_field_it_trains(world: World) -> None:
    if not world.runs_spark:
        pytest.skip("no Spark operator runs the stand-in of training here")
    run = Key(Kind.TRAINING_RUN, world.namespace, "weekly")
    write_script(world, train=published(1, tracks=10))
    async with world.operator():
        await world.create(training_run())
        await until(world, "Completed", of=run)
        await another_batch(world, "few", verified(10, added=0))
        assert condition(await world.get(run) or {}, "RetrainRecommended")["reason"] == "Trained"
        await another_batch(world, "more", verified(12, added=2))
        found = await until(world, "TracksChanged", "RetrainRecommended", of=run)
        assert found["status"]["phase"] == "Succeeded", "without the field nothing starts"
        write_script(world, train="wait")
        await world.change(run, retrain={"afterChangedPercent": 10})
        await in_round(world, run, 2, "Running")
    write_script(world, train=published(2, tracks=12))
    async with world.operator():
        found = await in_round(world, run, 2, "Succeeded")
        assert found["status"]["model"]["version"] == "music:2"
        assert found["status"]["retrain"]["previousRound"]["model"] == "music:1"
        applications = [Key.of(one).name for one in await world.list(Kind.SPARK_APPLICATION)]
        assert applications == ["weekly-train-2"], "those of the last round are gone, and none is made twice"


async def test_a_round_that_fails_leaves_the_model_and_waits(world: World) -> None:
    if not world.runs_spark:
        pytest.skip("no Spark operator runs the stand-in of training here")
    run = Key(Kind.TRAINING_RUN, world.namespace, "weekly")
    write_script(world, train=published(1, tracks=10))
    async with world.operator():
        await world.create(training_run(retrain={}, backoffLimit=0))
        await until(world, "Completed", of=run)
        failing = said(TrainSummary(error="no executors"), 1)
        await another_batch(world, "more", verified(12, added=2), train=failing)
        found = await until(world, "BackoffLimitExceeded", of=run)
        assert found["status"]["model"]["version"] == "music:1"
        assert found["status"]["retrain"]["failures"] == 1

        async def pauses() -> bool:
            message = condition(await world.get(run) or {}, "RetrainRecommended")["message"]
            return "round 3 starts at " in message

        await eventually(pauses, seconds=PATIENCE, pause=0.2)
