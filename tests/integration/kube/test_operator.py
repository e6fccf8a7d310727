"""The whole operator, kopf included, against an API server: what it asks, what it writes, what it survives."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import kopf
import pytest
from aiohttp import web

from segue.cluster.local_cluster import LocalCluster
from segue_operator.children.config import ChildConfig, KafkaAccess
from segue_operator.controller.cluster import ConflictError, WatchEvent
from segue_operator.kinds.objects import Key, Kind, Manifest
from segue_operator.kube.access import load_configuration
from segue_operator.kube.client import Client
from segue_operator.kube.composition import Operator, Pace
from segue_operator.kube.kubernetes_cluster import KubernetesCluster
from segue_operator.kube.mirror import Mirror
from segue_operator.kube.operator_settings import Settings
from segue_operator.kube.schema import SchemaError
from support import workloads
from support.api_server import ApiServer, Request, serving
from support.manifests import track_batch, training_run
from support.small_world import small_world
from support.waiting import eventually, eventually_true

SETTINGS = Settings(children=ChildConfig(kafka=KafkaAccess(bootstrap="kafka:9092")), http_port=0)
BATCH = track_batch(extraction={"shards": 2, "parallelism": 2})
RUN = training_run(batches=["songs"])
PATIENCE = 60.0
QUICK = Pace(kinds=0.2, audit_grace=0.1)


@pytest.fixture
async def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ApiServer]:
    async with (
        LocalCluster(tmp_path / "state", processes=False) as cluster,
        small_world(cluster),
        serving(cluster) as running,
    ):
        monkeypatch.setenv("KUBECONFIG", str(running.kubeconfig(tmp_path)))
        yield running


@asynccontextmanager
async def operator(settings: Settings = SETTINGS) -> AsyncIterator[Operator]:
    one = Operator(settings, QUICK)
    task = asyncio.create_task(one.run())
    try:
        yield one
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def ended(server: ApiServer, resource: Manifest) -> Manifest:
    async def look() -> Manifest | None:
        found = server.store.get(Key.of(resource))
        return found if found and (found.get("status") or {}).get("phase") in ("Succeeded", "Failed") else None

    return await eventually(look, seconds=PATIENCE)


async def test_a_batch_and_a_training_run_succeed_and_nothing_but_status_is_written(server: ApiServer) -> None:
    async with operator() as running:
        server.store.create(BATCH)
        server.store.create(RUN)
        for resource in (BATCH, RUN):
            found = await ended(server, resource)
            assert found["status"]["phase"] == "Succeeded"
            assert "finalizers" not in found["metadata"]
            assert "annotations" not in found["metadata"]
        await eventually_true(lambda: server.events)
        # Counted when the answer to the last write is back, which is after others see it.
        ends = {"kind": "TrainingRun", "reason": "Completed"}
        await eventually_true(lambda: running._registry.get_sample_value("segue_operator_finished_total", ends) == 1)
    written = {(one.verb, one.resource) for one in server.requests if one.verb in ("create", "patch", "delete")}
    assert written == {
        ("create", "jobs"), ("create", "sparkapplications"),
        ("create", "deployments"), ("patch", "deployments"), ("delete", "deployments"),
        ("patch", "trackbatches/status"), ("patch", "trainingruns/status"), ("create", "events"),
    }  # fmt: skip
    states = {"kind": "TrackBatch", "state": "Succeeded"}
    assert running._registry.get_sample_value("segue_operator_resources", states) == 1
    assert running._registry.get_sample_value("segue_operator_finished_total", ends) == 1


async def test_kopf_keeps_no_copy_of_the_objects_it_reported(server: ApiServer) -> None:
    told = 4 * len(Kind)

    def held() -> list[kopf.Body]:
        gc.collect()  # what only cycles hold is not kept
        return [one for one in gc.get_objects() if type(one) is kopf.Body]

    for number in range(told):
        server.store.create(track_batch(f"songs-{number}", suspend=True))
    async with operator() as running:
        passes = {"kind": "TrackBatch", "result": "done"}

        def planned() -> float:
            return running._registry.get_sample_value("segue_operator_reconcile_total", passes) or 0

        await eventually_true(lambda: planned() >= told, seconds=PATIENCE)
        # It may hold what it told of last.
        await eventually_true(lambda: len(held()) <= len(Kind), seconds=PATIENCE)


async def test_a_pass_asks_the_server_nothing(server: ApiServer) -> None:
    server.store.create({**BATCH, "spec": BATCH["spec"] | {"suspend": True}})
    async with operator() as running:
        await eventually_true(lambda: running._health.is_ready, seconds=PATIENCE)
        await eventually_true(lambda: (server.store.get(Key.of(BATCH)) or {}).get("status"), seconds=PATIENCE)
        await asyncio.sleep(1)
        asked = len(server.requests)
        running._mirror._tell(None, None, WatchEvent("MODIFIED", server.store.get(Key.of(BATCH)) or {}))
        await asyncio.sleep(0.2)
        passes = {"kind": "TrackBatch", "result": "done"}
        assert (running._registry.get_sample_value("segue_operator_reconcile_total", passes) or 0) >= 2
        assert len(server.requests) == asked


async def test_a_training_run_continues_once_the_spark_operator_is_installed(server: ApiServer) -> None:
    server.served.discard(Kind.SPARK_APPLICATION)
    run = training_run()
    server.store.create(run)
    async with operator():

        async def says_so() -> bool:
            conditions = ((server.store.get(Key.of(run)) or {}).get("status") or {}).get("conditions") or ()
            return any(one["reason"] == "SparkCRDMissing" for one in conditions)

        await eventually(says_so, seconds=PATIENCE)
        server.served.add(Kind.SPARK_APPLICATION)
        assert (await ended(server, run))["status"]["phase"] == "Succeeded"


async def test_a_foreign_object_with_a_childs_name_is_left_alone_and_named(server: ApiServer) -> None:
    foreign = workloads.deployment("segue-sink", "true")
    server.store.create(foreign)
    server.store.create(BATCH)
    async with operator():

        async def says_so() -> bool:
            conditions = ((server.store.get(Key.of(BATCH)) or {}).get("status") or {}).get("conditions") or ()
            return any(one["type"] == "Succeeded" and one["reason"] == "NameConflict" for one in conditions)

        await eventually(says_so, seconds=PATIENCE)
        assert server.store.select(Kind.JOB) == [], "nothing is begun that cannot be ended"
        server.store.delete(Key.of(foreign))
        # The next look is due in half a minute; a change of the batch brings it about at once.
        found = server.store.get(Key.of(BATCH)) or {}
        server.store.apply({**found, "spec": BATCH["spec"] | {"ttlSecondsAfterFinished": 3600}})
        assert (await ended(server, BATCH))["status"]["phase"] == "Succeeded"


async def test_a_foreign_object_stays_as_it_is(server: ApiServer) -> None:
    foreign = workloads.deployment("segue-sink", "true")
    server.store.create(foreign)
    server.store.create(BATCH)
    async with operator():
        await eventually_true(lambda: server.events, seconds=PATIENCE)
    found = server.store.get(Key.of(foreign))
    assert found is not None
    assert found["spec"] == foreign["spec"]
    assert "ownerReferences" not in found["metadata"]


async def test_without_the_crds_it_does_not_start(server: ApiServer) -> None:
    server.served -= {Kind.TRACK_BATCH}
    server.hides_schemas = True
    with pytest.raises(ExceptionGroup) as caught:
        await Operator(SETTINGS, QUICK).run()
    assert caught.group_contains(SchemaError, match="install the CRDs", depth=None)


async def test_failing_and_throttled_requests_delay_but_do_not_change_the_end(server: ApiServer) -> None:
    writes = refused = 0

    def sometimes(about: Request) -> web.Response | None:
        nonlocal writes, refused
        writes += about.verb in ("create", "patch")
        if about.verb in ("create", "patch") and refused < 6 and writes % 2:
            refused += 1
            return web.Response(status=503 if refused % 2 else 429, headers={"Retry-After": "0"}, text="later")
        return None

    server.before = sometimes
    server.store.create(BATCH)
    async with operator():
        assert (await ended(server, BATCH))["status"]["phase"] == "Succeeded"
    assert refused >= 3
    assert sorted(child["metadata"]["name"] for child in server.store.select(Kind.JOB)) == [
        "songs-extract", "songs-verify",
    ]  # fmt: skip


async def test_nothing_is_said_of_the_resources_before_they_are_listed(server: ApiServer) -> None:
    failed = {"phase": "Failed", "conditions": [{"type": "Succeeded", "status": "False", "reason": "NoTracks"}]}
    server.store.create(BATCH)
    server.store.set_status(Key.of(BATCH), failed)
    waits = True

    def slow_to_list(about: Request) -> web.Response | None:
        return web.Response(status=503, headers={"Retry-After": "0"}) if waits and about.verb == "list" else None

    server.before = slow_to_list
    async with operator() as running:

        def shown() -> float | None:
            labels = {"kind": "TrackBatch", "state": "Failed"}
            return running._registry.get_sample_value("segue_operator_resources", labels)

        await eventually_true(lambda: running._health.waits_for.startswith("the first lists:"), seconds=PATIENCE)
        assert shown() is None, "an alert on failures would take a 0 for the truth, and the next number for a new one"
        waits = False
        await eventually_true(lambda: running._health.is_ready, seconds=PATIENCE)
        assert shown() == 1


async def test_a_namesake_is_not_deleted_for_the_one_that_is_gone(server: ApiServer) -> None:
    mirror, key = Mirror(), Key.of(BATCH)
    mirror.accept("ADDED", server.store.create(BATCH))
    server.store.delete(key)
    namesake = server.store.create(BATCH)  # of which no watch has told yet
    async with Client(await load_configuration()) as client:
        cluster = KubernetesCluster(client, mirror)
        with pytest.raises(ConflictError, match="UID in precondition"):
            await cluster.delete(key)
        assert server.store.get(key) == namesake
        mirror.accept("MODIFIED", namesake)
        await cluster.delete(key)
    assert server.store.get(key) is None


async def test_an_event_that_two_operators_report_is_recorded_once(server: ApiServer) -> None:
    about = server.store.create(BATCH)
    async with Client(await load_configuration()) as client:
        for instance in ("one", "other"):
            cluster = KubernetesCluster(client, Mirror(), instance=instance)
            await cluster.create_event(about, type_="Normal", reason="Extracting", message="0 of 2 shards are done")
        await cluster.create_event(about, type_="Warning", reason="PodWaiting", message="pod x does not start")
        about["metadata"]["generation"] += 1
        await cluster.create_event(about, type_="Normal", reason="Extracting", message="0 of 2 shards are done")
    assert [event["reason"] for event in server.events] == ["Extracting", "PodWaiting", "Extracting"]


async def test_dropped_watches_resume(server: ApiServer) -> None:
    async with operator() as running:
        await eventually_true(lambda: len(server._streams) == len(Kind), seconds=PATIENCE)
        server.drop_watches()
        server.store.create(BATCH)
        server.drop_watches()
        assert (await ended(server, BATCH))["status"]["phase"] == "Succeeded"
        assert running._health.is_ready
