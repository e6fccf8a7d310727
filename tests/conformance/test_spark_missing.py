"""Against a real API server that does not know SparkApplications, and learns of them while the operator runs.

The kind gets a group of its own for the test, which no cluster has, whether the Spark operator is installed or not; the
test itself says how Spark fares. The local cluster has no part in it: it always knows every kind.
"""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from segue_operator.controller.cluster import KindMissingError, NotFoundError, UnavailableError
from segue_operator.kinds.objects import API_VERSIONS, Key, Kind
from segue_operator.kube.access import load_configuration
from segue_operator.kube.client import Client
from segue_operator.kube.composition import Operator, Pace
from segue_operator.kube.operator_settings import Settings
from segue_operator.kube.paths import PLURALS, object_path
from support.kubernetes_world import KubernetesWorld, kubernetes_world, named
from support.manifests import training_run
from support.scenarios import PATIENCE, until
from support.waiting import eventually
from support.workloads import condition
from support.worlds import CONFIG

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(not os.environ.get("KUBECONFIG"), reason="KUBECONFIG names no cluster"),
]
KIND = Kind.SPARK_APPLICATION
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def definition(group: str) -> dict[str, Any]:
    """A CRD of the kind in a group, without the Spark operator's schema."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    schema = {"type": "object", "properties": {"spec": anything, "status": anything}}
    version = {"name": "v1beta2", "served": True, "storage": True, "subresources": {"status": {}}}
    names = {"plural": PLURALS[KIND], "singular": str(KIND).lower(), "kind": str(KIND), "listKind": f"{KIND}List"}
    spec = {"group": group, "scope": "Namespaced", "names": names}
    spec["versions"] = [version | {"schema": {"openAPIV3Schema": schema}}]
    return named("CustomResourceDefinition", "apiextensions.k8s.io/v1", f"{PLURALS[KIND]}.{group}", spec=spec)


@asynccontextmanager
async def operator(namespace: str) -> AsyncIterator[None]:
    """An operator that looks for kinds often."""
    one = Operator(Settings(children=CONFIG, namespaces=(namespace,), http_port=0), Pace(kinds=1.0))
    task = asyncio.create_task(one.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def complete(client: Client, world: KubernetesWorld) -> None:
    """Say of the one application that Spark is done, as soon as there is one."""

    async def look() -> Key | None:
        with suppress(KindMissingError, UnavailableError):  # the server takes a moment for a new kind
            return next((Key.of(one) for one in await world.list(KIND)), None)
        return None

    key = await eventually(look, seconds=PATIENCE, pause=0.2)
    body = {"status": {"applicationState": {"state": "COMPLETED"}}}
    merge = "application/merge-patch+json"
    await client.request("PATCH", f"{object_path(key)}/status", about=KIND, body=body, content_type=merge)


async def test_a_run_waits_for_the_kind_and_then_continues(monkeypatch: pytest.MonkeyPatch) -> None:
    namespace = f"conf-{uuid.uuid4().hex[:8]}"
    group = f"{namespace}.example.org"
    monkeypatch.setitem(API_VERSIONS, KIND, f"{group}/v1beta2")
    waiting, hurried = (Key(Kind.TRAINING_RUN, namespace, name) for name in ("weekly", "hurried"))
    async with Client(await load_configuration()) as client, kubernetes_world(namespace) as world:
        try:
            async with operator(namespace):
                await world.create(training_run("weekly"))
                found = await until(world, "SparkCRDMissing", of=waiting)
                assert condition(found, "Succeeded")["status"] == "Unknown"
                assert "install the Spark operator" in condition(found, "Succeeded")["message"]
                await world.create(training_run("hurried", pendingDeadlineSeconds=2))
                await until(world, "PendingDeadlineExceeded", of=hurried)
                await client.request("POST", DEFINITIONS, about="CRD", body=definition(group))
                await complete(client, world)
                await until(world, "Completed", of=waiting)
                assert [Key.of(one).name for one in await world.list(KIND)] == ["weekly-train-1"]
        finally:
            with suppress(NotFoundError):
                await client.request("DELETE", f"{DEFINITIONS}/{PLURALS[KIND]}.{group}", about="CRD")
