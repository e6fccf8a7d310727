"""Where the conformance scenarios run: the same questions to a local cluster and to Kubernetes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol

from segue_operator.children.config import DEFAULT_SERVICE_ACCOUNTS, ChildConfig, KafkaAccess
from segue_operator.controller.cluster import Cluster
from segue_operator.kinds.objects import Key, Kind, Manifest

MONGODB_URI = "mongodb://nowhere"
IMAGE = "localhost/segue-conformance:dev"
PROGRAMS = ("extract", "sink", "verify", "train")
SCRIPT_FOLDER = "SEGUE_CONFORMANCE_SCRIPT"
"""Variable with the folder of the script, for the program that has no source folder."""
SMALL = {"requests": {"cpu": "10m", "memory": "24Mi"}, "limits": {"memory": "64Mi"}}
CONFIG = ChildConfig(
    kafka=KafkaAccess(bootstrap="kafka:9092"),
    jobs_image=IMAGE,
    image_pull_policy="Never",
    resources=dict.fromkeys(DEFAULT_SERVICE_ACCOUNTS, SMALL),
)
Wrap = Callable[[Cluster], Cluster]


class World(Protocol):
    """A cluster with one namespace, seen by a user."""

    namespace: str
    runs_spark: bool
    """Whether SparkApplications run, as the stand-in that the script directs."""
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
