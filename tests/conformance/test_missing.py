"""What a batch needs and what is not there yet: it says so, starts nothing else, and continues once it is there.

On the laptop claims and secrets are given to a command and stay as they are; its cluster looks for them each time it
starts a pod, so here they come while it runs.
"""

from __future__ import annotations

from typing import Any

import pytest

from support.scenarios import EXTRACTED, VERIFIED, batch, until, until_it_says
from support.workloads import condition
from support.worlds import MONGODB_URI, World, write_script

SECRET_REFERENCE = {"secretKeyRef": {"name": "late", "key": "token"}}


async def test_a_missing_claim_is_named_and_once_there_the_batch_succeeds(world: World) -> None:
    write_script(world, extract=EXTRACTED, verify=VERIFIED)
    source = {"volume": {"persistentVolumeClaim": {"claimName": "late"}}}
    async with world.operator():
        await world.create(batch(world, source=source))
        found = await until_it_says(world, 'persistentvolumeclaim "late" not found')
        assert (found["status"], found["reason"]) == ("Unknown", "Extracting")
        assert found["message"].startswith("pod songs-extract-")
        assert found["message"].endswith("; 0 of 2 shards are done")
        await world.provide_claim("late")
        finished = await until(world, "Completed")
    assert "not found" not in condition(finished, "Succeeded")["message"]
    assert finished["status"]["tracks"]["extracted"] == 10


@pytest.mark.parametrize(
    ("secret", "values", "overrides"),
    [
        ("late", {"token": "t"}, {"env": [{"name": "TOKEN", "valueFrom": SECRET_REFERENCE}]}),
        ("late", {"TOKEN": "t"}, {"envFrom": [{"secretRef": {"name": "late"}}]}),
        ("segue-mongodb", {"uri": MONGODB_URI}, {}),
    ],
    ids=["a variable's", "the variables'", "MongoDB's"],
)
async def test_a_missing_secret_is_named_and_once_there_the_batch_succeeds(
    world: World, secret: str, values: dict[str, str], overrides: dict[str, Any]
) -> None:
    write_script(world, extract=EXTRACTED, verify=VERIFIED)
    if secret == "segue-mongodb":
        await world.remove_secret(secret)
    words = f'CreateContainerConfigError: secret "{secret}" not found'
    async with world.operator():
        await world.create(batch(world, podOverrides=overrides))
        found = await until_it_says(world, words)
        assert (found["status"], found["reason"]) == ("Unknown", "Extracting")
        if not overrides:  # which are for the batch's Jobs alone
            sink = await until_it_says(world, words, "SinkReady")
            assert (sink["status"], sink["reason"]) == ("False", "PodWaiting")
        await world.provide_secret(secret, **values)
        finished = await until(world, "Completed")
    assert finished["status"]["tracks"]["extracted"] == 10


async def test_a_secret_without_the_key_is_named(world: World) -> None:
    await world.provide_secret("late", password="t")
    overrides = {"env": [{"name": "TOKEN", "valueFrom": SECRET_REFERENCE}]}
    write_script(world, extract=EXTRACTED, verify=VERIFIED)
    async with world.operator():
        await world.create(batch(world, podOverrides=overrides))
        found = await until_it_says(world, "couldn't find key token in Secret ")
        assert "CreateContainerConfigError" in found["message"]


async def test_what_never_comes_ends_at_the_deadline(world: World) -> None:
    source = {"volume": {"persistentVolumeClaim": {"claimName": "never"}}}
    async with world.operator():
        await world.create(batch(world, source=source, activeDeadlineSeconds=5))
        await until_it_says(world, 'persistentvolumeclaim "never" not found')
        finished = await until(world, "DeadlineExceeded")
    assert condition(finished, "Failed")["status"] == "True"
