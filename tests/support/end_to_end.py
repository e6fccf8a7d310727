"""The system under test in a cluster: where it is, what is applied to it, what is read from it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from segue_core.store.database import Document
from segue_operator.kinds.constants import API_VERSION, Component, Label
from support.kubectl import Kubectl, Manifest

REPOSITORY = Path(__file__).resolve().parents[2]
NAMESPACE = "segue-e2e"
RELEASE = "segue"
CLAIM = "music"
DATABASE = "segue"
MONGODB = "mongodb"
IMAGES = "localhost"
OPERATOR_LABELS = {"app.kubernetes.io/name": "segue", "app.kubernetes.io/component": "operator"}
API_LABELS = {"app.kubernetes.io/name": "segue", "app.kubernetes.io/component": "api"}
EVENTS_LABELS = {"app.kubernetes.io/name": "segue", "app.kubernetes.io/component": "events"}
BROKER_LABELS = {"strimzi.io/cluster": RELEASE, "strimzi.io/broker-role": "true"}

RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


@dataclass(frozen=True)
class System:
    """The installed stack."""

    kubectl: Kubectl

    @contextmanager
    def database(self) -> Iterator[MongoClient[Document]]:
        """Client of its MongoDB."""
        with self.mongodb_uri() as uri, MongoClient[Document](uri) as client:
            yield client

    @contextmanager
    def mongodb_uri(self) -> Iterator[str]:
        """URI by which this machine reaches its MongoDB."""
        with self.kubectl.forwarded(f"service/{MONGODB}", 27017) as port:
            yield f"mongodb://127.0.0.1:{port}/?directConnection=true"

    def recommend(self, *arguments: str) -> dict[str, Any]:
        """Answer of ``segue recommend`` on this machine."""
        return self.segue("recommend", *arguments)

    def segue(self, *arguments: str) -> dict[str, Any]:
        """What a command of ``segue`` on this machine says of the system."""
        command = [sys.executable, "-m", "segue", *arguments, "--json"]
        with self.mongodb_uri() as uri:
            environ = {**os.environ, "MONGODB_URI": uri, "SEGUE_DATABASE": DATABASE}
            done = subprocess.run(command, capture_output=True, text=True, env=environ, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def stored(self, catalogue: str) -> list[Document]:
        """The catalogue's tracks in MongoDB."""
        with self.database() as client:
            return list(client[DATABASE]["tracks"].find({"catalogue": catalogue}))

    def assert_complete(self, batch: Manifest) -> None:
        """Every listed track of a batch is accounted for, and stored once."""
        tracks = batch["status"]["tracks"]
        stored = [track["_id"] for track in self.stored(batch["spec"]["catalogue"])]
        assert len(stored) == len(set(stored)) == tracks["stored"] >= 20
        assert tracks["listed"] == tracks["stored"] + tracks["rejected"]

    @contextmanager
    def database_away(self) -> Iterator[None]:
        """Its MongoDB is stopped, and started again."""
        self.kubectl.run("scale", f"deployment/{MONGODB}", "--replicas=0")
        try:
            self.kubectl.run("wait", "pod", f"--selector=app={MONGODB}", "--for=delete", "--timeout=90s")
            yield
        finally:
            self.kubectl.run("scale", f"deployment/{MONGODB}", "--replicas=1")
        self.kubectl.wait("deployment", MONGODB, "Available")


@dataclass(frozen=True)
class Trained:
    """A catalogue that was ingested and trained on."""

    name: str
    batch: Manifest
    run: Manifest


def helm(kubectl: Kubectl, *arguments: str) -> str:
    """Output of one helm command in the system's namespace; relative paths begin in the checkout."""
    command = ["helm", f"--kubeconfig={kubectl.kubeconfig}", f"--namespace={NAMESPACE}", *arguments]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, f"helm {' '.join(arguments)}: {done.stderr.strip()}"
    return done.stdout


def install(kubectl: Kubectl, *arguments: str) -> None:
    """``helm upgrade --install`` of the stack with the tests' values, and with further arguments."""
    values = ["charts/segue-stack/values-development.yaml", "tests/cluster/values.yaml"]
    values += os.environ.get("SEGUE_CLUSTER_VALUES", "").split()
    chart = os.environ.get("SEGUE_CLUSTER_CHART", "charts/segue-stack")
    files = [f"--values={path}" for path in values]
    helm(kubectl, "upgrade", "--install", RELEASE, chart, "--wait", "--timeout=8m", *files, *arguments)


def uninstall(kubectl: Kubectl) -> None:
    """``helm uninstall``, whether or not anything is installed."""
    helm(kubectl, "uninstall", RELEASE, "--ignore-not-found", "--wait", "--timeout=3m")


def delete_resources(kubectl: Kubectl) -> None:
    """Delete every batch and run of the namespace, and with them their Jobs.

    A namespace that is deleted with a failing Indexed Job in it waits for the Job: Kubernetes deletes pods first, and
    the Job keeps the last failed pod of each index for as long as it lives.
    """
    if kubectl.get("customresourcedefinition", "trackbatches.segue.dev"):
        kubectl.run("delete", "trackbatches,trainingruns", "--all")


def unique(prefix: str) -> str:
    """A name that no other test uses."""
    return f"{prefix}-{uuid.uuid4().hex[:6]}"


def track_batch(name: str, catalogue: str, *, shards: int = 2, parallelism: int = 2, **spec: Any) -> Manifest:
    """A TrackBatch over the session's music."""
    return {
        "apiVersion": API_VERSION,
        "kind": "TrackBatch",
        "metadata": {"name": name},
        "spec": {
            "catalogue": catalogue,
            "source": {
                "volume": {"persistentVolumeClaim": {"claimName": CLAIM}},
                "audioPath": "music",
                "metadata": {"path": "tracks.csv", "format": "Flat"},
            },
            "extraction": {"shards": shards, "parallelism": parallelism},
            "maxRejectedPercent": 40,
            **spec,
        },
    }


def training_run(name: str, catalogue: str, **spec: Any) -> Manifest:
    """A TrainingRun small enough for one node."""
    return {
        "apiVersion": API_VERSION,
        "kind": "TrainingRun",
        "metadata": {"name": name},
        "spec": {
            "catalogue": catalogue,
            "kmeans": {"k": [2, 3], "maxIterations": 10},
            "spark": {"executors": 1, "executorMemory": "512m", "driverMemory": "768m"},
            **spec,
        },
    }


def batch_labels(name: str, component: Component | None = None) -> Mapping[str, str]:
    """Labels of a batch's pods."""
    labels = {str(Label.TRACK_BATCH): name}
    return labels if component is None else {**labels, str(Label.COMPONENT): str(component)}


def driver_labels(run: str) -> Mapping[str, str]:
    """Labels of a training run's driver pod."""
    return {str(Label.TRAINING_RUN): run, str(Label.SPARK_ROLE): "driver"}


def claim(name: str) -> Manifest:
    """A volume: the one that batches read, or the database's."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }


def loader_pod() -> Manifest:
    """A pod that holds the volume, to copy music into."""
    container = {
        "name": "loader",
        "image": f"{IMAGES}/segue-jobs:dev",
        "command": ["sleep", "infinity"],
        "securityContext": RESTRICTED,
        "volumeMounts": [{"name": "music", "mountPath": "/music"}],
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "loader"},
        "spec": {
            "containers": [container],
            "terminationGracePeriodSeconds": 0,
            "securityContext": {"fsGroup": 10001},
            "volumes": [{"name": "music", "persistentVolumeClaim": {"claimName": CLAIM}}],
        },
    }


def mongodb() -> list[Manifest]:
    """SecantusDB behind a Service, and the Secret that names it: MongoDB as something from outside of the chart."""
    labels = {"app": MONGODB}
    container = {
        "name": MONGODB,
        "image": f"{IMAGES}/segue-test-mongodb:dev",
        "ports": [{"containerPort": 27017}],
        "readinessProbe": {"tcpSocket": {"port": 27017}, "periodSeconds": 1},
        "securityContext": RESTRICTED,
        "volumeMounts": [{"name": "data", "mountPath": "/data"}, {"name": "tmp", "mountPath": "/tmp"}],
    }
    template = {
        "metadata": {"labels": labels},
        "spec": {
            "containers": [container],
            "securityContext": {"fsGroup": 10001},
            "terminationGracePeriodSeconds": 5,
            "volumes": [
                {"name": "data", "persistentVolumeClaim": {"claimName": MONGODB}},
                {"name": "tmp", "emptyDir": {}},
            ],
        },
    }
    uri = f"mongodb://{MONGODB}:27017/?directConnection=true"
    return [
        claim(MONGODB),
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "segue-mongodb"}, "stringData": {"uri": uri}},
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": MONGODB},
            "spec": {"selector": labels, "ports": [{"port": 27017}]},
        },
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": MONGODB},
            "spec": {"selector": {"matchLabels": labels}, "strategy": {"type": "Recreate"}, "template": template},
        },
    ]
