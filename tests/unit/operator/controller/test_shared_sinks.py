"""The controller keeps the sink of a namespace, and tells its batches what the cluster says of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from segue_core.contract.backoff import Backoff
from segue_operator.children.sink_deployment import SINK_PODS
from segue_operator.controller.cluster import InvalidError
from segue_operator.kinds.objects import Key, Kind, Manifest
from segue_operator.reconcile.dispatch import interests, plan
from segue_operator.reconcile.sink_plan import plan_sink
from support.children import PLAIN
from support.controllers import QUICK, controlled, settled, until
from support.faults import FaultyCluster
from support.manifests import track_batch
from support.workloads import condition, key, pod

BATCH, SINK = key(Kind.TRACK_BATCH, "songs"), key(Kind.DEPLOYMENT, "segue-sink")
REAL: dict[str, Any] = {"plan": plan, "interests": interests, "plan_sink": plan_sink, "config": PLAIN}


def is_about(type_: str, reason: str) -> Callable[[Manifest], bool]:
    return lambda found: condition(found, type_).get("reason") == reason


async def test_a_sink_comes_and_goes_with_its_batches(cluster: FaultyCluster) -> None:
    async with controlled(cluster, **REAL) as controller:
        for name in ("songs", "more"):
            await cluster.inner.create(track_batch(name))
        await until(cluster.inner, SINK, lambda found: len(found["metadata"]["ownerReferences"]) == 2)
        await cluster.inner.delete(BATCH)
        await until(cluster.inner, SINK, lambda found: len(found["metadata"]["ownerReferences"]) == 1)
        await cluster.inner.delete(key(Kind.TRACK_BATCH, "more"))
        await settled(controller)
        assert await cluster.inner.get(SINK) is None


async def test_a_refused_sink_is_reported_by_its_batches_and_tried_again(cluster: FaultyCluster) -> None:
    is_full = True

    def refuse(called: str, about: Key) -> None:
        if called == "apply" and about == SINK and is_full:
            raise InvalidError("exceeded quota: deployments")

    cluster.before = refuse
    await cluster.inner.create(track_batch())
    timing = replace(QUICK, refused=Backoff(first_seconds=0.05, longest_seconds=0.05))
    async with controlled(cluster, **REAL, timing=timing):
        told = await until(cluster.inner, BATCH, is_about("Succeeded", "ApplyFailed"))
        assert condition(told, "SinkReady")["message"] == "exceeded quota: deployments"
        assert "Deployment segue-sink was refused" in condition(told, "Succeeded")["message"]
        is_full = False
        await until(cluster.inner, SINK, lambda _: True)
        await until(cluster.inner, BATCH, is_about("Succeeded", "Extracting"))


async def test_a_sink_grows_by_what_its_pods_say(cluster: FaultyCluster) -> None:
    asked: list[list[str]] = []

    async def read_lag(pods: Sequence[Manifest]) -> int | None:
        asked.append([Key.of(one).name for one in pods])
        return 10_000 if pods else None

    for name in ("of-the-sink", "of-nobody"):
        given = pod(name)
        given["metadata"]["labels"] = SINK_PODS if name == "of-the-sink" else {}
        await cluster.inner.create(given)
        await cluster.inner.apply_status(Key.of(given), given["status"])
    await cluster.inner.create(track_batch())
    async with controlled(cluster, **REAL, read_lag=read_lag):
        await until(cluster.inner, SINK, lambda found: found["spec"]["replicas"] == 2)
        await asyncio.sleep(0.1)
    assert asked == [["of-the-sink"]], "one answer counts for a while"
