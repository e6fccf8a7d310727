"""The controller in a namespace that is being deleted."""

from __future__ import annotations

from datetime import datetime

import pytest

from segue.cluster.local_cluster import LocalCluster
from segue_operator.controller.cluster import NamespaceTerminatingError
from segue_operator.kinds.objects import Key, Kind, Manifest
from segue_operator.reconcile.plans import Observed, Plan
from support import toy_plan
from support.controllers import BATCH, DEPLOYMENT, JOB, controlled, settled, until
from support.faults import FaultyCluster
from support.toy_plan import batch
from support.waiting import eventually_true
from support.workloads import manifest, template


class Witness:
    """The toy plan, and what it was told of the namespace."""

    def __init__(self) -> None:
        self.told: list[bool] = []

    def plan(self, resource: Manifest, observed: Observed, now: datetime, config: object) -> Plan:
        self.told.append(observed.is_namespace_terminating)
        return toy_plan.plan(resource, observed, now, config)


async def test_a_namespace_that_is_being_deleted_shows_in_what_it_refuses(cluster: FaultyCluster) -> None:
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


async def test_the_namespace_is_probed_only_when_a_job_loses_a_pod(
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
