"""Where the conformance scenarios run: the same questions to a local cluster and to Kubernetes."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from segue_operator.api.objects import API_VERSIONS, Key, Kind, Manifest
from segue_operator.children.config import DEFAULT_SERVICE_ACCOUNTS, ChildConfig, KafkaAccess
from segue_operator.controller.cluster import Cluster, NotFoundError
from segue_operator.controller.controller import Controller
from segue_operator.kube.access import load_configuration
from segue_operator.kube.client import Client
from segue_operator.kube.operator import Operator
from segue_operator.kube.paths import collection_path, object_path
from segue_operator.kube.settings import Settings
from segue_operator.local.apply import check_stored
from segue_operator.local.cluster import LocalCluster
from segue_operator.local.workloads.pods import BackOff
from segue_operator.reconcile.dispatch import interests, plan

MONGODB_URI = "mongodb://nowhere"
IMAGE = "localhost/segue-conformance:dev"
PROGRAMS = ("extract", "sink", "verify")
SMALL = {"requests": {"cpu": "10m", "memory": "24Mi"}, "limits": {"memory": "64Mi"}}
CONFIG = ChildConfig(
    kafka=KafkaAccess(bootstrap="kafka:9092"),
    jobs_image=IMAGE,
    image_pull_policy="Never",
    resources=dict.fromkeys(DEFAULT_SERVICE_ACCOUNTS, SMALL),
)
VOLUMES = "/api/v1/persistentvolumes"
Wrap = Callable[[Cluster], Cluster]


class World(Protocol):
    """A cluster with one namespace, seen by a user."""

    namespace: str
    source: Path
    """Folder that batches name as their source; its script tells the programs what to do."""

    async def create(self, manifest: Manifest) -> None:
        """As ``kubectl create``."""
        ...

    async def change(self, key: Key, **spec: Any) -> None:
        """As ``kubectl patch``, of fields of the spec."""
        ...

    async def get(self, key: Key) -> Manifest | None:
        """As ``kubectl get``."""
        ...

    async def list(self, kind: Kind) -> list[Manifest]:
        """As ``kubectl get`` of all of a kind."""
        ...

    async def delete(self, key: Key) -> None:
        """As ``kubectl delete``."""
        ...

    async def provide_claim(self, name: str) -> None:
        """A PersistentVolumeClaim that leads to the source folder."""
        ...

    async def provide_secret(self, name: str, **values: str) -> None:
        """As ``kubectl create secret generic``."""
        ...

    async def remove_secret(self, name: str) -> None:
        """As ``kubectl delete secret``."""
        ...

    def operator(self, wrap: Wrap = lambda cluster: cluster) -> AbstractAsyncContextManager[None]:
        """One life of the operator."""
        ...


def write_script(world: World, **script: Any) -> None:
    """Tell the programs what to do: by program, or program and shard (``extract_0``)."""
    text = json.dumps({name.replace("_", "-"): value for name, value in script.items()})
    path = world.source / "script.json"
    (world.source / "next.json").write_text(text)
    (world.source / "next.json").replace(path)


def write_programs(folder: Path) -> None:
    """Modules ``segue_jobs.extract`` and so on that are stand-ins."""
    package = folder / "segue_jobs"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    shutil.copy(Path(__file__).with_name("stand_in.py"), folder)
    for program in PROGRAMS:
        (package / f"{program}.py").write_text(f"import stand_in\nstand_in.main({program!r})\n")


# ------------------------------------------------------------------------------------------------------------- local


class LocalWorld:
    """Processes of this machine."""

    namespace = "default"

    def __init__(
        self, cluster: LocalCluster, source: Path, claims: dict[str, Path], secrets: dict[str, dict[str, str]]
    ) -> None:
        self._cluster = cluster
        self.source = source
        self._claims = claims
        self._secrets = secrets

    async def create(self, manifest: Manifest) -> None:
        await self._cluster.create(manifest)

    async def change(self, key: Key, **spec: Any) -> None:
        found = await self._cluster.get(key)
        assert found is not None
        merge(found["spec"], spec)
        await self._cluster.apply(found)

    async def get(self, key: Key) -> Manifest | None:
        return await self._cluster.get(key)

    async def list(self, kind: Kind) -> list[Manifest]:
        return await self._cluster.list(kind, self.namespace)

    async def delete(self, key: Key) -> None:
        await self._cluster.delete(key)

    async def provide_claim(self, name: str) -> None:
        self._claims[name] = self.source

    async def provide_secret(self, name: str, **values: str) -> None:
        self._secrets[name] = values

    async def remove_secret(self, name: str) -> None:
        del self._secrets[name]

    @asynccontextmanager
    async def operator(self, wrap: Wrap = lambda cluster: cluster) -> AsyncIterator[None]:
        controller = Controller(wrap(self._cluster), CONFIG, plan=plan, interests=interests)
        task = asyncio.create_task(controller.run(), name="victim")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def local_world(folder: Path) -> AsyncIterator[LocalWorld]:
    """A world in a folder."""
    source = folder / "source"
    source.mkdir()
    write_programs(folder / "programs")
    quick = BackOff(first_seconds=0.2, longest_seconds=1.0)
    claims = {"music": source}
    secrets = {"segue-mongodb": {"uri": MONGODB_URI}}
    cluster = LocalCluster(
        folder / "state",
        volumes=claims,
        secrets=secrets,
        environment={"PYTHONPATH": str(folder / "programs")},
        validate=check_stored,
        job_back_off=quick,
        restart_back_off=quick,
    )
    async with cluster:
        yield LocalWorld(cluster, source, claims, secrets)


# -------------------------------------------------------------------------------------------------------- Kubernetes


class KubernetesWorld:
    """A namespace of the cluster that ``KUBECONFIG`` names."""

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
    source = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="segue-conformance-"))
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
    """Build the image of the stand-ins and bring it onto the cluster's node."""
    base = os.environ.get("SEGUE_TEST_BASE", "localhost/debian:trixie")
    write_programs(folder)
    (folder / "Dockerfile").write_text(
        f"FROM {base}\n"
        "RUN apt-get update -q && apt-get install -qy --no-install-recommends python3-minimal python3 "
        "&& rm -rf /var/lib/apt/lists/* && ln -s python3 /usr/bin/python\n"
        "COPY . /programs\nENV PYTHONPATH=/programs PYTHONDONTWRITEBYTECODE=1\nUSER 10001:10001\n"
    )
    run("buildah", "bud", "--isolation", "chroot", "--layers", "-q", "-t", IMAGE, str(folder))
    run(*os.environ["SEGUE_LOAD_IMAGE"].split(), IMAGE)


def run(*command: str) -> None:
    """Run a program; its output is shown only when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


def merge(target: dict[str, Any], changes: dict[str, Any]) -> None:
    """JSON merge patch of maps."""
    for name, value in changes.items():
        if isinstance(value, dict) and isinstance(target.get(name), dict):
            merge(target[name], value)
        else:
            target[name] = value
