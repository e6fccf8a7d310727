"""The controller while calls fail, answers are lost, children are refused and watches break."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime

import pytest

from segue_core.contract.backoff import Backoff
from segue_operator.controller import executor
from segue_operator.controller.cluster import (
    ConflictError,
    InvalidError,
    KindMissingError,
    UnavailableError,
)
from segue_operator.kinds.objects import Key, Kind, Manifest
from segue_operator.reconcile.plans import Observed, Plan
from support import toy_plan
from support.controllers import BATCH, COMPLETE, DEPLOYMENT, JOB, QUICK, controlled, has_phase, settled, until
from support.faults import FaultyCluster
from support.toy_plan import batch
from support.workloads import manifest


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


async def test_a_refused_child_is_reported_in_the_status_and_retried_slowly(cluster: FaultyCluster) -> None:
    refusals = 0

    def refuse(called: str, about: Key) -> None:
        nonlocal refusals
        if called == "create" and about == JOB:
            refusals += 1
            raise InvalidError("spec.completions: too many")

    cluster.before = refuse
    await cluster.inner.apply(batch())
    async with controlled(
        cluster, timing=replace(QUICK, refused=Backoff(first_seconds=0.3, longest_seconds=0.3))
    ) as controller:
        found = await until(cluster.inner, BATCH, lambda found: bool((found.get("status") or {}).get("problems")))
        assert found["status"]["problems"] == ["spec.completions: too many"]
        await settled(controller)
        assert refusals == 1
        assert await cluster.inner.get(DEPLOYMENT) is not None
        cluster.before = lambda _verb, _key: None
        await until(cluster.inner, JOB, lambda _: True)
        await until(cluster.inner, BATCH, lambda found: "problems" not in found["status"])


@pytest.mark.parametrize("cause", ["a child is deleted", "the quota is raised"])
async def test_what_may_make_room_lets_refused_children_be_tried_at_once(cluster: FaultyCluster, cause: str) -> None:
    def refuse(called: str, about: Key) -> None:
        if called == "create" and about == JOB:
            raise InvalidError("exceeded quota")

    cluster.before = refuse
    await cluster.inner.apply(batch())
    other, quota = manifest(Kind.POD, "other", {}), manifest(Kind.RESOURCE_QUOTA, "pods", {"hard": {"pods": "1"}})
    for existing in (other, quota):
        await cluster.inner.create(existing)
    async with controlled(cluster):
        await until(cluster.inner, BATCH, lambda found: bool((found.get("status") or {}).get("problems")))
        cluster.before = lambda _verb, _key: None
        if cause == "a child is deleted":
            await cluster.inner.delete(Key.of(other))
        else:
            await cluster.inner.apply(quota | {"spec": {"hard": {"pods": "9"}}})
        await until(cluster.inner, JOB, lambda _: True)


async def test_an_answer_of_5xx_that_stays_reaches_the_status_with_the_servers_words(
    cluster: FaultyCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executor, "PATIENCE_SECONDS", 0.2)

    def fail(called: str, about: Key) -> None:
        if called == "create" and about == JOB:
            raise UnavailableError("failed calling webhook: connection refused")

    cluster.before = fail
    await cluster.inner.apply(batch())
    async with controlled(cluster, timing=replace(QUICK, refused=Backoff(first_seconds=0.1, longest_seconds=0.1))):
        found = await until(cluster.inner, BATCH, lambda found: bool((found.get("status") or {}).get("problems")))
        assert found["status"]["problems"] == ["failed calling webhook: connection refused"]
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
async def test_a_missing_kind_is_reported_and_the_rest_continues(cluster: FaultyCluster, verb: str) -> None:
    def missing(called: str, about: Key) -> None:
        if about.kind is Kind.JOB and called == verb:
            raise KindMissingError("no matches for kind Job")

    cluster.before = missing
    await cluster.inner.apply(batch())
    async with controlled(cluster, timing=replace(QUICK, missing_kind_retry=0.05)):
        found = await until(cluster.inner, BATCH, lambda found: bool((found.get("status") or {}).get("missing")))
        assert found["status"]["missing"] == ["Job"]
        assert await cluster.inner.get(DEPLOYMENT) is not None
        cluster.before = lambda _verb, _key: None
        await until(cluster.inner, JOB, lambda _: True)


async def test_broken_watches_lose_nothing(cluster: FaultyCluster) -> None:
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
