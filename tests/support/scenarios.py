"""What scenarios say and ask in any world: a small batch, its programs' words, and waiting for its conditions."""

from __future__ import annotations

import json
from typing import Any

from segue_core.contract import ExtractSummary, VerifySummary
from segue_core.contract.termination import Summary
from segue_operator.kinds.objects import Key, Kind, Manifest
from support.manifests import track_batch
from support.waiting import eventually
from support.workloads import condition
from support.worlds import World

PATIENCE = 120.0
NAME = "songs"
CHILDREN = (Kind.JOB, Kind.DEPLOYMENT, Kind.POD)


def said(summary: Summary, code: int = 0) -> dict[str, Any]:
    """What the script has a program leave and end with."""
    return {"code": code, "summary": json.loads(summary.encode())}


EXTRACTED = said(ExtractSummary(listed=5, extracted=5))
VERIFIED = said(VerifySummary(listed=10, stored=10, extracted=10))


def batch(world: World, **spec: Any) -> Manifest:
    """A batch of two shards over the world's source folder."""
    given = {"volume": {"hostPath": {"path": str(world.source)}}, "metadata": {"format": "Tags"}}
    source = given | spec.pop("source", {})
    extraction = {"shards": 2, "parallelism": 2} | spec.pop("extraction", {})
    return track_batch(NAME, source=source, extraction=extraction, **spec)


def key(world: World, kind: Kind = Kind.TRACK_BATCH, name: str = NAME) -> Key:
    """Key of the batch, or of another object of the world."""
    return Key(kind, world.namespace, name)


async def until(world: World, reason: str, type_: str = "Succeeded", *, of: Key | None = None) -> Manifest:
    """The batch, or another resource, as soon as its condition has the reason."""

    async def look() -> Manifest | None:
        found = await world.get(of or key(world))
        return found if condition(found or {}, type_).get("reason") == reason else None

    return await eventually(look, seconds=PATIENCE, pause=0.2)


async def until_it_says(world: World, words: str, type_: str = "Succeeded") -> dict[str, Any]:
    """The batch's condition, as soon as its message has the words."""

    async def look() -> dict[str, Any] | None:
        found = condition(await world.get(key(world)) or {}, type_)
        return found if words in found.get("message", "") else None

    return await eventually(look, seconds=PATIENCE, pause=0.2)


async def is_true(world: World, type_: str) -> None:
    """Wait until a condition of the batch is True."""

    async def look() -> bool:
        return condition(await world.get(key(world)) or {}, type_).get("status") == "True"

    await eventually(look, seconds=PATIENCE, pause=0.2)


async def is_gone(world: World, *resources: Key) -> None:
    """Wait until none of the resources exists, nor any child."""

    async def look() -> bool:
        left = [one for one in resources if await world.get(one) is not None]
        return not left and not [child for kind in CHILDREN for child in await world.list(kind)]

    await eventually(look, seconds=PATIENCE, pause=0.2)


async def jobs(world: World) -> list[str]:
    """Names of all Jobs."""
    return sorted(Key.of(job).name for job in await world.list(Kind.JOB))


async def pod_ended(world: World, exit_code: int) -> None:
    """Wait until some pod has ended with the code."""

    async def look() -> bool:
        states = [
            (status.get("state") or {}).get("terminated") or {}
            for pod in await world.list(Kind.POD)
            for status in (pod.get("status") or {}).get("containerStatuses") or ()
        ]
        return any(state.get("exitCode") == exit_code for state in states)

    await eventually(look, seconds=PATIENCE, pause=0.2)
