"""The CRDs on a real API server: it takes them, and refuses and accepts what the models refuse and accept."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator
from importlib import resources
from typing import Any

import pytest
import yaml

from segue_operator.controller.cluster import ClusterError, InvalidError
from segue_operator.kinds.objects import OWN_KINDS, Kind
from segue_operator.kube.access import load_configuration
from segue_operator.kube.client import APPLY, Client
from segue_operator.kube.paths import PLURALS, collection_path
from segue_operator.kube.schema import check_served
from support.kubernetes_world import KubernetesWorld, kubernetes_world
from support.manifests import Manifest, put
from support.rule_examples import ACCEPTED, FIXED, MUTABLE, REJECTED

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(not os.environ.get("KUBECONFIG"), reason="KUBECONFIG names no cluster"),
]


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with Client(await load_configuration()) as one:
        yield one


@pytest.fixture
async def world() -> AsyncIterator[KubernetesWorld]:
    async with kubernetes_world(f"conf-{uuid.uuid4().hex[:8]}") as one:
        yield one


async def send(client: Client, namespace: str, manifest: Manifest) -> None:
    """Create with a dry run."""
    kind = Kind(manifest["kind"])
    body = {**manifest, "metadata": {"name": manifest["metadata"]["name"], "namespace": namespace}}
    path = collection_path(kind, namespace)
    await client.request("POST", path, about=kind, query={"dryRun": "All"}, body=body)


async def test_the_server_takes_the_crds(client: Client) -> None:
    folder = resources.files("segue_operator.kinds") / "crds"
    for kind in OWN_KINDS:
        crd = yaml.safe_load((folder / f"{PLURALS[kind]}.yaml").read_text(encoding="utf-8"))
        path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{crd['metadata']['name']}"
        query = {"fieldManager": "segue-tests", "force": "true", "dryRun": "All", "fieldValidation": "Strict"}
        await client.request("PATCH", path, about="CRD", query=query, body=crd, content_type=APPLY)
    await check_served(client)


async def test_every_rule_refuses_with_its_sentence(client: Client, world: KubernetesWorld) -> None:
    for manifest, _, message in REJECTED:
        with pytest.raises(InvalidError) as caught:
            await send(client, world.namespace, manifest)
        assert message in str(caught.value)


async def test_what_the_models_accept_the_server_accepts(client: Client, world: KubernetesWorld) -> None:
    for manifest in ACCEPTED:
        await send(client, world.namespace, manifest)


async def changed(world: KubernetesWorld, number: int, old: Manifest, path: str, value: Any) -> str | None:
    """Change one field of a new object; gives the server's refusal."""
    name = f"a{number}"
    await world.create(put(old, "metadata.name", name))
    kind = Kind(old["kind"])
    patch = put({"spec": {}}, path, value) if value is not None else put({"spec": {}}, path, {})
    if value is None:
        *parents, last = path.split(".")
        target: Any = patch
        for part in parents:
            target = target.setdefault(part, {})
        target[last] = None
    try:
        await world._client.request(
            "PATCH",
            f"{collection_path(kind, world.namespace)}/{name}",
            about=kind,
            body=patch,
            content_type="application/merge-patch+json",
        )
    except ClusterError as error:
        return str(error)
    return None


async def test_fixed_fields_stay_and_the_others_may_change(world: KubernetesWorld) -> None:
    for number, (old, path, value) in enumerate(FIXED):
        refusal = await changed(world, number, old, path, value)
        assert refusal is not None, path
        assert "cannot be changed after creation" in refusal
    for number, (old, path, value) in enumerate(MUTABLE, start=len(FIXED)):
        assert await changed(world, number, old, path, value) is None, path
