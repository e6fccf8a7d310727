"""Identity of the objects that the operator touches."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Manifest = dict[str, Any]
"""An object in Kubernetes' JSON shape."""


class Kind(StrEnum):
    """Kinds that the operator touches."""

    TRACK_BATCH = "TrackBatch"
    TRAINING_RUN = "TrainingRun"
    JOB = "Job"
    DEPLOYMENT = "Deployment"
    SPARK_APPLICATION = "SparkApplication"
    POD = "Pod"


API_VERSIONS: dict[Kind, str] = {
    Kind.TRACK_BATCH: "segue.dev/v1alpha1",
    Kind.TRAINING_RUN: "segue.dev/v1alpha1",
    Kind.JOB: "batch/v1",
    Kind.DEPLOYMENT: "apps/v1",
    Kind.SPARK_APPLICATION: "sparkoperator.k8s.io/v1beta2",
    Kind.POD: "v1",
}


@dataclass(frozen=True, order=True, slots=True)
class Key:
    """Identity of one object."""

    kind: Kind
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.namespace}/{self.name}"

    @classmethod
    def of(cls, manifest: Manifest) -> Key:
        """Key of a manifest."""
        metadata = manifest["metadata"]
        return cls(Kind(manifest["kind"]), metadata.get("namespace", "default"), metadata["name"])
