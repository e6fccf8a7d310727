"""Against a real API server: killed right after any of its writes and replaced, the operator reaches the same end."""

from __future__ import annotations

import os
import uuid
from typing import Any

import pytest

from segue_operator.kinds.objects import Key, Kind, Manifest
from segue_operator.kube.access import load_configuration
from segue_operator.kube.client import Client
from support.faults import Mortality
from support.kubernetes_world import KubernetesWorld, kubernetes_world
from support.manifests import track_batch
from support.paper_kubelet import NOWHERE, paper_kubelet
from support.waiting import eventually

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(not os.environ.get("KUBECONFIG"), reason="KUBECONFIG names no cluster"),
]
PATIENCE = 90.0


async def ended(world: KubernetesWorld) -> Manifest | None:
    found = await world.get(Key(Kind.TRACK_BATCH, world.namespace, "songs"))
    over = ((found or {}).get("status") or {}).get("phase") == "Succeeded"
    return found if over and not await world.list(Kind.DEPLOYMENT) else None


async def life(world: KubernetesWorld, mortal: Mortality) -> None:
    """One life: to the operator's death, or to the batch's end."""
    async with world.operator(mortal):

        async def over() -> bool:
            return mortal.died.is_set() or bool(await ended(world))

        await eventually(over, seconds=PATIENCE, pause=0.1)


async def end_of(world: KubernetesWorld) -> dict[str, Any]:
    """The final state, without what differs from run to run."""
    found = await ended(world)
    assert found is not None
    status = found["status"]
    return {
        "conditions": {one["type"]: (one["status"], one["reason"], one["message"]) for one in status["conditions"]},
        "phase": status["phase"],
        "tracks": status["tracks"],
        "generation": found["metadata"]["generation"],
        "jobs": sorted(Key.of(job).name for job in await world.list(Kind.JOB)),
        "finalizers": found["metadata"].get("finalizers"),
    }


async def test_every_write_may_be_the_last_one() -> None:
    expected: dict[str, Any] = {}
    count = 0
    while True:
        async with (
            kubernetes_world(f"conf-{uuid.uuid4().hex[:8]}") as world,
            Client(await load_configuration()) as client,
            paper_kubelet(client, world.namespace),
        ):
            await world.create(track_batch("songs", extraction={"shards": 2, "parallelism": 2}, podOverrides=NOWHERE))
            mortal = Mortality(count)
            await life(world, mortal)
            if count and not mortal.died.is_set():
                break  # the whole life has no more writes than this
            if count:
                await life(world, Mortality(0))
                assert await end_of(world) == expected, f"after write {count}: {mortal.writes[-1]}"
            else:
                expected = await end_of(world)
        count += 1
    assert count > 5
    assert expected["jobs"] == ["songs-extract", "songs-verify"]
    assert expected["finalizers"] is None
