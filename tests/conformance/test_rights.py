"""Against a real API server: with a token bound to the chart's rules and nothing else, no call is refused."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from segue_operator.controller.cluster import InvalidError, NamespaceTerminatingError
from segue_operator.kinds.objects import Key, Kind, Manifest
from segue_operator.kube import composition
from segue_operator.kube.access import load_configuration
from segue_operator.kube.client import Client
from segue_operator.kube.composition import Operator
from segue_operator.kube.operator_settings import Settings
from segue_operator.reconcile.plans import Plan
from support.charts import of_kind, render
from support.kubernetes_world import KubernetesWorld, kubernetes_world, named
from support.manifests import track_batch
from support.paper_kubelet import NOWHERE, paper_kubelet
from support.waiting import eventually
from support.worlds import CONFIG

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(not os.environ.get("KUBECONFIG"), reason="KUBECONFIG names no cluster"),
]
TERMINATING = "is being terminated"
"""What the server says of a namespace that somebody is deleting: no lack of rights."""
RBAC = "rbac.authorization.k8s.io/v1"
PATIENCE = 90.0


def rules(kind: str, scope: str) -> list[Manifest]:
    """Rules of the operator's role, as the chart renders them."""
    roles = of_kind(render({"scope": scope}), kind)
    found: list[Manifest] = next(role for name, role in roles.items() if "segue-operator" in name)["rules"]
    return found


async def bind(client: Client, scope: str, namespace: str) -> None:
    """Give the service account ``default`` of the namespace the operator's rights."""
    kind = "ClusterRole" if scope == "Cluster" else "Role"
    within = "" if scope == "Cluster" else f"/namespaces/{namespace}"
    role = named(kind, RBAC, namespace, rules=rules(kind, scope))
    binding = named(
        f"{kind}Binding",
        RBAC,
        namespace,
        roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": namespace},
        subjects=[{"kind": "ServiceAccount", "name": "segue-extract", "namespace": namespace}],
    )
    for body in (role, binding):
        plural = f"{body['kind'].lower()}s"
        await client.request("POST", f"/apis/{RBAC}{within}/{plural}", about=kind, body=body)


async def token_kubeconfig(client: Client, namespace: str, folder: Path) -> Path:
    """The tests' kubeconfig, with a token of the service account for its user."""
    request = named("TokenRequest", "authentication.k8s.io/v1", "", spec={"expirationSeconds": 3600})
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/segue-extract/token"
    token = (await client.request("POST", path, about="TokenRequest", body=request))["status"]["token"]
    given = yaml.safe_load(await asyncio.to_thread(Path(os.environ["KUBECONFIG"]).read_text))
    context = next(one["context"] for one in given["contexts"] if one["name"] == given["current-context"])
    given["users"] = [{"name": context["user"], "user": {"token": token}}]
    written = folder / "kubeconfig"
    await asyncio.to_thread(written.write_text, yaml.safe_dump(given))
    return written


def acts_in(namespace: str, decide: Callable[..., Plan]) -> Callable[..., Plan]:
    """Decide for one namespace alone: an operator that sees all would take the batches of tests beside this one."""

    def decided(given: Manifest | Key, *more: Any) -> Plan:
        key = given if isinstance(given, Key) else Key.of(given)
        return decide(given, *more) if key.namespace == namespace else Plan()

    return decided


async def succeeded(world: KubernetesWorld) -> bool:
    found: Any = await world.get(Key(Kind.TRACK_BATCH, world.namespace, "songs"))
    return ((found or {}).get("status") or {}).get("phase") == "Succeeded" and not await world.list(Kind.DEPLOYMENT)


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the server refuses to a client, but for what it would refuse to anybody."""
    messages: list[str] = []
    request = Client.request

    async def watched(client: Client, *arguments: Any, **named: Any) -> Any:
        try:
            return await request(client, *arguments, **named)
        except NamespaceTerminatingError:
            raise
        except InvalidError as error:
            if "forbidden" in str(error).lower():
                messages.append(str(error))
            raise

    monkeypatch.setattr(Client, "request", watched)
    return messages


@pytest.mark.parametrize("scope", ["Cluster", "Namespaced"])
async def test_the_charts_rules_are_enough(
    scope: str, tmp_path: Path, refused: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        kubernetes_world(f"conf-{uuid.uuid4().hex[:8]}") as world,
        Client(await load_configuration()) as client,
        paper_kubelet(client, world.namespace),
    ):
        await bind(client, scope, world.namespace)
        monkeypatch.setenv("KUBECONFIG", str(await token_kubeconfig(client, world.namespace, tmp_path)))
        for decision in ("plan", "plan_sink"):
            monkeypatch.setattr(composition, decision, acts_in(world.namespace, getattr(composition, decision)))
        namespaces = () if scope == "Cluster" else (world.namespace,)
        operator = Operator(Settings(children=CONFIG, namespaces=namespaces, http_port=0))
        task = asyncio.create_task(operator.run())
        try:
            await world.create(track_batch("songs", podOverrides=NOWHERE))
            await eventually(lambda: succeeded(world), seconds=PATIENCE, pause=0.2)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            if scope == "Cluster":
                for plural in ("clusterroles", "clusterrolebindings"):
                    await client.request("DELETE", f"/apis/{RBAC}/{plural}/{world.namespace}", about=plural)
    logged = [message for record in caplog.records if "forbidden" in (message := record.getMessage()).lower()]
    assert [message for message in logged if TERMINATING not in message] == []
    assert refused == []
    codes = {sample.labels["code"] for metric in operator._registry.collect() for sample in metric.samples
             if sample.name == "segue_operator_api_requests_total"}  # fmt: skip
    assert "200" in codes
