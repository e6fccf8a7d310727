"""The conformance scenarios' world on Kubernetes: a namespace of the cluster that ``KUBECONFIG`` names."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from segue_operator.children.config import DEFAULT_SERVICE_ACCOUNTS
from segue_operator.controller.cluster import Cluster, NotFoundError
from segue_operator.kinds.objects import API_VERSIONS, Key, Kind, Manifest
from segue_operator.kube.access import load_configuration
from segue_operator.kube.client import Client
from segue_operator.kube.composition import Operator
from segue_operator.kube.operator_settings import Settings
from segue_operator.kube.paths import collection_path, object_path
from support.worlds import CONFIG, IMAGE, MONGODB_URI, Wrap, write_programs

VOLUMES = "/api/v1/persistentvolumes"


class KubernetesWorld:
    """A namespace of the cluster that ``KUBECONFIG`` names."""

    runs_spark = False

    def __init__(self, client: Client, namespace: str, source: Path) -> None:
        self._client = client
        self.namespace = namespace
        self.source = source
        self._volumes: list[str] = []

    async def create(self, manifest: Manifest) -> None:
        body = {**manifest, "metadata": manifest["metadata"] | {"namespace": self.namespace}}
        for field in ("uid", "generation"):
            body["metadata"].pop(field, None)
        kind = Kind(manifest["kind"])
        await self._client.request("POST", collection_path(kind, self.namespace), about=kind, body=body)

    async def change(self, key: Key, **spec: Any) -> None:
        await self._client.request(
            "PATCH", object_path(key), about=key.kind, body={"spec": spec}, content_type="application/merge-patch+json"
        )

    async def get(self, key: Key) -> Manifest | None:
        try:
            return await self._client.request("GET", object_path(key), about=key.kind)
        except NotFoundError:
            return None

    async def list(self, kind: Kind) -> list[Manifest]:
        found = await self._client.request("GET", collection_path(kind, self.namespace), about=kind)
        return [one | {"kind": str(kind), "apiVersion": API_VERSIONS[kind]} for one in found["items"]]

    async def delete(self, key: Key) -> None:
        query = {"propagationPolicy": "Background"}
        await self._client.request("DELETE", object_path(key), about=key.kind, query=query)

    async def provide_claim(self, name: str) -> None:
        volume = f"{self.namespace}-{name}"
        size, modes = {"storage": "1Mi"}, ["ReadWriteMany"]
        here = {"storageClassName": "", "capacity": size, "accessModes": modes, "hostPath": {"path": str(self.source)}}
        body = named("PersistentVolume", "v1", volume, spec=here)
        await self._client.request("POST", VOLUMES, about="PersistentVolume", body=body)
        self._volumes.append(volume)
        there = {"storageClassName": "", "volumeName": volume, "accessModes": modes, "resources": {"requests": size}}
        body = named("PersistentVolumeClaim", "v1", name, spec=there)
        path = f"/api/v1/namespaces/{self.namespace}/persistentvolumeclaims"
        await self._client.request("POST", path, about="PersistentVolumeClaim", body=body)

    async def provide_secret(self, name: str, **values: str) -> None:
        await create_secret(self._client, self.namespace, name, **values)

    async def remove_secret(self, name: str) -> None:
        await self._client.request("DELETE", f"/api/v1/namespaces/{self.namespace}/secrets/{name}", about="Secret")

    async def delete_namespace(self) -> None:
        """As ``kubectl delete namespace``, without waiting."""
        await self._client.request("DELETE", f"/api/v1/namespaces/{self.namespace}", about="Namespace")

    async def is_gone(self) -> bool:
        """Whether the namespace is no longer there."""
        try:
            await self._client.request("GET", f"/api/v1/namespaces/{self.namespace}", about="Namespace")
        except NotFoundError:
            return True
        return False

    async def close(self) -> None:
        """Delete the namespace and what is of it outside; Jobs first, which no operator deletes any more."""
        if not await self.is_gone():
            jobs, query = collection_path(Kind.JOB, self.namespace), {"propagationPolicy": "Background"}
            await self._client.request("DELETE", jobs, about=Kind.JOB, query=query)
            await self.delete_namespace()
        for volume in self._volumes:
            await self._client.request("DELETE", f"{VOLUMES}/{volume}", about="PersistentVolume")

    @asynccontextmanager
    async def operator(self, wrap: Wrap = lambda cluster: cluster) -> AsyncIterator[None]:
        class Wrapped(Operator):
            def cluster(self, client: Client) -> Cluster:
                return wrap(super().cluster(client))

        settings = Settings(children=CONFIG, namespaces=(self.namespace,), http_port=0)
        task = asyncio.create_task(Wrapped(settings).run(), name="victim")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def named(kind: str, api_version: str, name: str, **fields: Any) -> Manifest:
    """A small object."""
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, **fields}


async def create_secret(client: Client, namespace: str, name: str, **values: str) -> None:
    """A Secret with values by key."""
    body = named("Secret", "v1", name, stringData=values)
    await client.request("POST", f"/api/v1/namespaces/{namespace}/secrets", about="Secret", body=body)


async def prepare_namespace(client: Client, namespace: str) -> None:
    """Make a namespace with what the children's pods refer to."""
    await client.request("POST", "/api/v1/namespaces", about="Namespace", body=named("Namespace", "v1", namespace))
    await create_secret(client, namespace, "segue-mongodb", uri=MONGODB_URI)
    for account in [*DEFAULT_SERVICE_ACCOUNTS.values(), CONFIG.spark_service_account]:
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts"
        await client.request("POST", path, about="ServiceAccount", body=named("ServiceAccount", "v1", account))


@asynccontextmanager
async def kubernetes_world(namespace: str) -> AsyncIterator[KubernetesWorld]:
    """A world in a namespace of its own, which is deleted in the end."""
    shared = os.environ.get("SEGUE_NODE_FOLDER")
    source = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="segue-conformance-", dir=shared))
    await asyncio.to_thread(source.chmod, 0o755)
    try:
        async with Client(await load_configuration()) as client:
            await prepare_namespace(client, namespace)
            world = KubernetesWorld(client, namespace, source)
            try:
                yield world
            finally:
                await world.close()
    finally:
        shutil.rmtree(source)


def build_image(folder: Path) -> None:
    """Build the image of the stand-ins and bring it onto the cluster's nodes, by the commands of the environment."""
    write_programs(folder)
    (folder / "Dockerfile").write_text(
        "ARG BASE=docker.io/library/debian:trixie-slim\nFROM ${BASE}\n"
        "RUN apt-get update -q && apt-get install -qy --no-install-recommends python3-minimal python3 "
        "&& rm -rf /var/lib/apt/lists/* && ln -s python3 /usr/bin/python\n"
        "COPY . /programs\nENV PYTHONPATH=/programs PYTHONDONTWRITEBYTECODE=1\nUSER 10001:10001\n"
    )
    run(*os.environ["SEGUE_BUILD_IMAGE"].split(), "--tag", IMAGE, str(folder))
    run(*os.environ["SEGUE_LOAD_IMAGE"].split(), IMAGE)


def run(*command: str) -> None:
    """Run a program; its output is shown only when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
