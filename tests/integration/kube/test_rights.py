"""The operator under exactly the rights that the chart gives it: no call is refused, and no right is left over."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from segue.cluster.local_cluster import LocalCluster
from segue_operator.children.config import ChildConfig, KafkaAccess
from segue_operator.kinds.objects import Key, Kind, Manifest
from segue_operator.kube.composition import Operator
from segue_operator.kube.operator_settings import Settings
from support import workloads
from support.api_server import ApiServer, Request, Rule, serving
from support.charts import NAMESPACE, RELEASE, of_kind, render
from support.manifests import track_batch, training_run
from support.small_world import small_world
from support.waiting import eventually, eventually_true

PATIENCE = 60.0
BY_ADMISSION = {("segue.dev", "trackbatches/finalizers", "update"), ("segue.dev", "trainingruns/finalizers", "update")}
"""Asked for by the admission plugin OwnerReferencesPermissionEnforcement, not by a call."""
MODES = {
    "Cluster": ("ClusterRole", {"scope": "Cluster"}, ()),
    "Namespaced": ("Role", {"scope": "Namespaced"}, (NAMESPACE,)),
}


def rights(kind: str, values: dict[str, Any]) -> set[Rule]:
    """What the operator's role allows: group, resource, verb."""
    roles = of_kind(render(values), kind)
    role = next(role for name, role in roles.items() if name.startswith(f"{RELEASE}-") and "operator" in name)
    rules: Iterable[Manifest] = role["rules"]
    return {
        (group, resource, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def here(manifest: Manifest) -> Manifest:
    return {**manifest, "metadata": manifest["metadata"] | {"namespace": NAMESPACE}}


async def reaches(server: ApiServer, resource: Manifest, *reasons: str) -> None:
    """Wait for one of the reasons on a resource's Succeeded condition."""

    async def look() -> bool:
        conditions = ((server.store.get(Key.of(resource)) or {}).get("status") or {}).get("conditions") or ()
        return any(one["type"] == "Succeeded" and one["reason"] in reasons for one in conditions)

    await eventually(look, seconds=PATIENCE)


def change(server: ApiServer, resource: Manifest, **spec: Any) -> None:
    found = server.store.get(Key.of(resource))
    assert found is not None
    server.store.apply({**found, "spec": found["spec"] | spec})


async def everything(server: ApiServer) -> None:
    """Let every kind of call happen."""
    batch = here(track_batch("whole", ttlSecondsAfterFinished=0))
    run = here(training_run("whole", ttlSecondsAfterFinished=0))
    for resource in (batch, run):
        server.store.create(resource)
    await eventually_true(lambda: all(server.store.get(Key.of(one)) is None for one in (batch, run)), seconds=PATIENCE)


async def interrupted(server: ApiServer) -> None:
    """Work that is suspended, resumed, and comes to its deadline; here nothing ever ends by itself."""
    batch = here(track_batch("slow", activeDeadlineSeconds=3))
    run = here(training_run("slow", activeDeadlineSeconds=3))
    for resource in (batch, run):
        server.store.create(resource)
        await reaches(server, resource, "Extracting", "Submitted")
        change(server, resource, suspend=True)
        await reaches(server, resource, "SuspendRequested")
        change(server, resource, suspend=False)
    for resource in (batch, run):
        await reaches(server, resource, "DeadlineExceeded")
    taken = here(workloads.deployment("segue-sink", "true"))
    await eventually_true(lambda: server.store.get(Key.of(taken)) is None, seconds=PATIENCE)
    server.store.create(taken)
    late = here(track_batch("late"))
    server.store.create(late)
    await reaches(server, late, "NameConflict")


async def watch_the_operator(server: ApiServer, namespaces: tuple[str, ...], life: Any) -> None:
    children = ChildConfig(kafka=KafkaAccess(bootstrap="kafka:9092"))
    task = asyncio.create_task(Operator(Settings(children=children, namespaces=namespaces, http_port=0)).run())
    try:
        await eventually_true(lambda: len(server._streams) == len(Kind), seconds=PATIENCE)
        await life(server)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("mode", MODES)
async def test_no_call_is_refused_and_every_right_is_used(
    mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, values, namespaces = MODES[mode]
    allowed = rights(kind, values)
    used: set[Rule] = set()
    refused: list[Request] = []

    def allows(request: Request) -> bool:
        used.add(request.rule)
        inside = not namespaces or request.namespace in namespaces
        if request.rule in allowed and inside:
            return True
        refused.append(request)
        return False

    for life, small in ((everything, True), (interrupted, False)):
        folder = tmp_path / life.__name__
        folder.mkdir()
        async with (
            LocalCluster(folder / "state", processes=False) as cluster,
            serving(cluster, allows=allows) as server,
        ):
            monkeypatch.setenv("KUBECONFIG", str(server.kubeconfig(folder)))
            if small:
                async with small_world(cluster):
                    await watch_the_operator(server, namespaces, life)
            else:
                await watch_the_operator(server, namespaces, life)
    assert refused == []
    assert allowed - used - BY_ADMISSION == set()
