"""The controller against the local API server: order of writes, faults, refusals, wake-ups, restarts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from segue_operator.api.objects import Key, Kind, Manifest
from segue_operator.controller import controller as controller_module
from segue_operator.controller.cluster import (
    Cluster,
    ConflictError,
    InvalidError,
    KindMissingError,
    NamespaceTerminatingError,
    UnavailableError,
)
from segue_operator.controller.controller import Controller, Timing
from segue_operator.controller.metrics import PrometheusMetrics
from segue_operator.local.cluster import LocalCluster
from segue_operator.reconcile.model import Interests, Observed, Plan
from support import toy_plan
from support.faults import FaultyCluster
from support.toy_plan import batch
from support.waiting import eventually, eventually_true
from support.workloads import job, key, manifest, template

BATCH = key(Kind.TRACK_BATCH, "b")
JOB = key(Kind.JOB, "b-job")
DEPLOYMENT = key(Kind.DEPLOYMENT, "b-deployment")
COMPLETE = {"conditions": [{"type": "Complete", "status": "True"}]}


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds of back-off become milliseconds."""
    monkeypatch.setattr("segue_operator.controller.queue.FIRST_RETRY_SECONDS", 0.002)


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[FaultyCluster]:
    async with LocalCluster(tmp_path, processes=False) as inner:
        yield FaultyCluster(inner)


@asynccontextmanager
async def controlled(cluster: Cluster, **options: Any) -> AsyncIterator[Controller[None]]:
    controller = Controller(
        cluster, None, **{"plan": toy_plan.plan, "interests": toy_plan.interests, "uniform": lambda: 0.0, **options}
    )
    task = asyncio.create_task(controller.run())
    try:
        yield controller
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(cluster: Cluster, wanted: Key, holds: Callable[[Manifest], bool]) -> Manifest:
    async with asyncio.timeout(10):
        while True:
            found = await cluster.get(wanted)
            if found is not None and holds(found):
                return found
            await asyncio.sleep(0.002)


def has_phase(phase: str) -> Callable[[Manifest], bool]:
    return lambda found: (found.get("status") or {}).get("phase") == phase


async def settled(controller: Controller[None]) -> None:
    """Nothing waits, for a while."""
    quiet = 0
    async with asyncio.timeout(10):
        while quiet < 10:
            await asyncio.sleep(0.002)
            quiet = quiet + 1 if controller.is_idle else 0


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


async def test_events_are_cut_to_what_the_api_takes(cluster: FaultyCluster) -> None:
    await cluster.inner.apply(batch())
    async with controlled(cluster) as controller:
        await until(cluster.inner, BATCH, has_phase("Running"))
        await settled(controller)
    assert isinstance(cluster.inner, LocalCluster)
    [event] = cluster.inner.events(BATCH)
    assert len(event["message"].encode()) <= 1024


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
    async with controlled(cluster, timing=Timing(resync=0.01)):
        await asyncio.sleep(0.1)
    assert len(cluster.writes) == written


@pytest.mark.parametrize("error", [UnavailableError("no answer"), ConflictError("changed"), OSError("a defect")])
@pytest.mark.parametrize("verb", ["get", "create", "apply", "apply_status"])
async def test_failed_calls_are_tried_again(cluster: FaultyCluster, verb: str, error: Exception) -> None:
    failures = 3

    def fail(called: str, _key: Key) -> None:
        nonlocal failures
        if called == verb and failures:
            failures -= 1
            raise error

    cluster.before = fail
    await cluster.inner.apply(batch())
    async with controlled(cluster):
        await until(cluster.inner, BATCH, has_phase("Running"))
    assert failures == 0
    assert len(await cluster.inner.list(Kind.JOB)) == 1


@pytest.mark.parametrize("verb", ["create", "apply", "apply_status", "create_event"])
async def test_answer_lost_after_the_write_doubles_nothing(cluster: FaultyCluster, verb: str) -> None:
    lost = False

    def lose(called: str, _key: Key) -> None:
        nonlocal lost
        if called == verb and not lost:
            lost = True
            raise UnavailableError("timed out")

    cluster.after = lose
    await cluster.inner.apply(batch())
    async with controlled(cluster) as controller:
        await until(cluster.inner, BATCH, has_phase("Running"))
        await settled(controller)
    assert lost
    assert len(await cluster.inner.list(Kind.JOB)) == len(await cluster.inner.list(Kind.DEPLOYMENT)) == 1
    assert [verb for verb, _ in cluster.writes].count("create") == 1


async def test_events_are_recorded_only_after_the_status_was_written(cluster: FaultyCluster) -> None:
    def fail(called: str, _key: Key) -> None:
        if called == "apply_status":
            raise UnavailableError("no answer")

    cluster.before = fail
    await cluster.inner.apply(batch())
    async with controlled(cluster):
        await until(cluster.inner, DEPLOYMENT, lambda _: True)
        await asyncio.sleep(0.05)
    assert "create_event" not in [verb for verb, _ in cluster.writes]


async def test_refused_child_is_told_in_the_status_and_tried_again_slowly(cluster: FaultyCluster) -> None:
    refusals = 0

    def refuse(called: str, about: Key) -> None:
        nonlocal refusals
        if called == "create" and about == JOB:
            refusals += 1
            raise InvalidError("spec.completions: too many")

    cluster.before = refuse
    await cluster.inner.apply(batch())
    async with controlled(cluster, timing=Timing(refused_retry=0.3)) as controller:
        found = await until(cluster.inner, BATCH, lambda found: bool((found.get("status") or {}).get("problems")))
        assert found["status"]["problems"] == ["spec.completions: too many"]
        await settled(controller)
        assert refusals == 1
        assert await cluster.inner.get(DEPLOYMENT) is not None
        cluster.before = lambda _verb, _key: None
        await until(cluster.inner, JOB, lambda _: True)
        await until(cluster.inner, BATCH, lambda found: "problems" not in found["status"])


async def test_changed_spec_tries_a_refused_child_at_once(cluster: FaultyCluster) -> None:
    def refuse(called: str, about: Key) -> None:
        if called == "create" and about == JOB:
            raise InvalidError("no")

    cluster.before = refuse
    await cluster.inner.apply(batch())
    async with controlled(cluster):
        await until(cluster.inner, BATCH, lambda found: bool((found.get("status") or {}).get("problems")))
        cluster.before = lambda _verb, _key: None
        await cluster.inner.apply(batch(changed=True))
        await until(cluster.inner, JOB, lambda _: True)


@pytest.mark.parametrize("verb", ["get", "create"])
async def test_missing_kind_is_told_and_the_rest_goes_on(cluster: FaultyCluster, verb: str) -> None:
    def missing(called: str, about: Key) -> None:
        if about.kind is Kind.JOB and called == verb:
            raise KindMissingError("no matches for kind Job")

    cluster.before = missing
    await cluster.inner.apply(batch())
    async with controlled(cluster, timing=Timing(missing_kind_retry=0.05)):
        found = await until(cluster.inner, BATCH, lambda found: bool((found.get("status") or {}).get("missing")))
        assert found["status"]["missing"] == ["Job"]
        assert await cluster.inner.get(DEPLOYMENT) is not None
        cluster.before = lambda _verb, _key: None
        await until(cluster.inner, JOB, lambda _: True)


class Witness:
    """The toy plan, and what it was told of the namespace."""

    def __init__(self) -> None:
        self.told: list[bool] = []

    def plan(self, resource: Manifest, observed: Observed, now: datetime, config: object) -> Plan:
        self.told.append(observed.is_namespace_terminating)
        return toy_plan.plan(resource, observed, now, config)


async def test_a_namespace_that_is_being_deleted_is_told_of_by_what_it_refuses(cluster: FaultyCluster) -> None:
    def refuse(called: str, about: Key) -> None:
        if called in ("create", "apply"):
            refused.append(about)
            raise NamespaceTerminatingError("because it is being terminated")

    refused: list[Key] = []
    cluster.before = refuse
    witness = Witness()
    await cluster.inner.apply(batch())
    async with controlled(cluster, plan=witness.plan) as controller:
        await eventually_true(lambda: True in witness.told)
        await settled(controller)
    assert witness.told[:2] == [False, True]
    assert refused == [JOB, DEPLOYMENT], "nothing is tried again"
    status = (await cluster.inner.get(BATCH) or {})["status"]
    assert "problems" not in status, "it is nobody's fault"


async def test_the_namespace_is_asked_for_only_when_a_job_loses_a_pod(
    cluster: FaultyCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def terminating(_cluster: LocalCluster, namespace: str) -> bool:
        asked.append(namespace)
        return True

    asked: list[str] = []
    monkeypatch.setattr(LocalCluster, "is_terminating", terminating)
    witness = Witness()
    await cluster.inner.apply(batch())
    async with controlled(cluster, plan=witness.plan) as controller:
        parent = await until(cluster.inner, JOB, lambda _: True)
        owner = {"apiVersion": "batch/v1", "kind": "Job", "name": "b-job", "uid": parent["metadata"]["uid"]}
        labels = {"segue.dev/trackbatch": "b"}
        spec = template()["spec"]
        pod = manifest(Kind.POD, "b-job-0", spec, labels=labels, ownerReferences=[owner | {"controller": True}])
        await cluster.inner.create(pod)
        await settled(controller)
        assert asked == []
        await cluster.inner.delete(Key.of(pod))
        await eventually_true(lambda: True in witness.told)
        await cluster.inner.apply(batch(changed=True))
        await settled(controller)
    assert asked == ["default"], "a namespace that is being deleted is never kept after all"


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


async def test_broken_watches_lose_nothing(cluster: FaultyCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(controller_module, "retry_seconds", lambda *_: 0.002)
    cluster.break_watches_after = 1
    await cluster.inner.apply(batch())
    async with controlled(cluster):
        await until(cluster.inner, BATCH, has_phase("Running"))
        await cluster.inner.delete(JOB)
        await until(cluster.inner, JOB, lambda _: True)
        await cluster.inner.apply_status(JOB, COMPLETE)
        await until(cluster.inner, BATCH, has_phase("Succeeded"))


async def test_defect_in_a_plan_does_not_stop_the_other_resources(cluster: FaultyCluster) -> None:
    def plan(resource: Manifest, observed: Observed, now: datetime, config: object) -> Plan:
        if resource["metadata"]["name"] == "broken":
            raise ZeroDivisionError
        return toy_plan.plan(resource, observed, now, config)

    await cluster.inner.apply(batch("broken"))
    await cluster.inner.apply(batch())
    async with controlled(cluster, plan=plan, workers=1):
        await until(cluster.inner, BATCH, has_phase("Running"))


async def test_plan_is_asked_again_when_it_wanted(cluster: FaultyCluster) -> None:
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
