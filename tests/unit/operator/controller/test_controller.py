"""The controller against the local API server: order of writes, faults, refusals, wake-ups, restarts."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime

import pytest
from prometheus_client import CollectorRegistry

from segue.cluster.local_cluster import LocalCluster
from segue_operator.controller.cluster import Cluster
from segue_operator.controller.reconcile_metrics import PrometheusMetrics
from segue_operator.kinds.objects import Key, Kind, Manifest
from segue_operator.reconcile.plans import Interests, Observed, Plan
from support.controllers import BATCH, COMPLETE, DEPLOYMENT, JOB, QUICK, controlled, has_phase, settled, until
from support.faults import FaultyCluster
from support.toy_plan import batch
from support.waiting import eventually, eventually_true
from support.workloads import job, key


async def test_children_status_and_events_are_written_in_this_order(cluster: FaultyCluster) -> None:
    await cluster.inner.apply(batch())
    async with controlled(cluster) as controller:
        await until(cluster.inner, BATCH, has_phase("Running"))
        await settled(controller)
    assert cluster.writes == [
        ("create", JOB),
        ("apply", DEPLOYMENT),
        ("apply_status", BATCH),
        ("create_event", BATCH),
    ]


async def test_events_are_cut_to_what_the_api_takes(cluster: FaultyCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    messages: list[str] = []

    async def record(_about: Manifest, *, message: str, **_words: str) -> None:
        messages.append(message)

    monkeypatch.setattr(cluster.inner, "create_event", record)
    await cluster.inner.apply(batch())
    async with controlled(cluster) as controller:
        await until(cluster.inner, BATCH, has_phase("Running"))
        await settled(controller)
    [message] = messages
    assert len(message.encode()) <= 1024


async def test_child_that_changes_wakes_its_parent(cluster: FaultyCluster) -> None:
    await cluster.inner.apply(batch())
    async with controlled(cluster):
        await until(cluster.inner, BATCH, has_phase("Running"))
        await cluster.inner.apply_status(JOB, COMPLETE)
        await until(cluster.inner, BATCH, has_phase("Succeeded"))
        await eventually(lambda: is_gone(cluster, DEPLOYMENT))


async def is_gone(cluster: Cluster, wanted: Key) -> bool:
    return await cluster.get(wanted) is None


async def test_deleted_child_comes_back(cluster: FaultyCluster) -> None:
    await cluster.inner.apply(batch())
    async with controlled(cluster):
        first = await until(cluster.inner, JOB, lambda _: True)
        await until(cluster.inner, BATCH, has_phase("Running"))
        await cluster.inner.delete(JOB)
        second = await until(cluster.inner, JOB, lambda _: True)
    assert first["metadata"]["uid"] != second["metadata"]["uid"]


async def test_nothing_is_written_once_all_is_as_it_should_be(cluster: FaultyCluster) -> None:
    await cluster.inner.apply(batch())
    async with controlled(cluster) as controller:
        await until(cluster.inner, BATCH, has_phase("Running"))
        await settled(controller)
    written = len(cluster.writes)
    cluster.repeat_events = 3
    async with controlled(cluster, timing=replace(QUICK, resync=0.01)):
        await asyncio.sleep(0.1)
    assert len(cluster.writes) == written


async def test_name_taken_by_a_stranger_is_seen_and_not_adopted(cluster: FaultyCluster) -> None:
    stranger = job("b-job", "true")
    stranger["metadata"]["ownerReferences"] = [{"kind": "X", "apiVersion": "x/v1", "name": "x", "uid": "other"}]

    def before(called: str, about: Key) -> None:
        # Between observation and create the name is taken.
        if called == "create" and about == JOB and not taken:
            taken.append(True)
            inner_store.create(stranger)

    taken: list[bool] = []
    assert isinstance(cluster.inner, LocalCluster)
    inner_store = cluster.inner._store
    inner_store._collect_garbage = lambda: None  # type: ignore[method-assign]  # its owner is elsewhere
    cluster.before = before
    await cluster.inner.apply(batch())
    async with controlled(cluster):
        await until(cluster.inner, BATCH, has_phase("NameConflict"))
    found = await cluster.inner.get(JOB)
    assert found is not None
    assert found["metadata"]["ownerReferences"][0]["uid"] == "other"


async def test_a_plan_is_made_again_when_it_asked_for_that(cluster: FaultyCluster) -> None:
    times: list[datetime] = []

    def plan(_resource: Manifest, _observed: Observed, now: datetime, _config: object) -> Plan:
        times.append(now)
        return Plan(requeue_after_seconds=0.01)

    await cluster.inner.apply(batch())
    async with controlled(cluster, plan=plan, interests=lambda *_: Interests(())):
        await eventually_true(lambda: len(times) >= 3)


async def test_two_controllers_at_once_make_one_child_of_each_kind(cluster: FaultyCluster) -> None:
    for number in range(5):
        await cluster.inner.apply(batch(f"b{number}"))
    async with controlled(cluster) as one, controlled(cluster) as two:
        for number in range(5):
            await until(cluster.inner, key(Kind.TRACK_BATCH, f"b{number}"), has_phase("Running"))
        await settled(one)
        await settled(two)
    assert len(await cluster.inner.list(Kind.JOB)) == len(await cluster.inner.list(Kind.DEPLOYMENT)) == 5


async def test_passes_are_counted_by_kind_and_result(cluster: FaultyCluster) -> None:
    registry = CollectorRegistry()
    await cluster.inner.apply(batch())
    async with controlled(cluster, metrics=PrometheusMetrics(registry)) as controller:
        await until(cluster.inner, BATCH, has_phase("Running"))
        await settled(controller)
    labels = {"kind": "TrackBatch", "result": "done"}
    assert (registry.get_sample_value("segue_operator_reconcile_total", labels) or 0) >= 1
    assert registry.get_sample_value("segue_operator_workqueue_depth") == 0
