"""Identity of the objects that the operator touches."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from segue_operator.kinds.constants import API_VERSION, Label

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
    RESOURCE_QUOTA = "ResourceQuota"


API_VERSIONS: dict[Kind, str] = {
    Kind.TRACK_BATCH: API_VERSION,
    Kind.TRAINING_RUN: API_VERSION,
    Kind.JOB: "batch/v1",
    Kind.DEPLOYMENT: "apps/v1",
    Kind.SPARK_APPLICATION: "sparkoperator.k8s.io/v1beta2",
    Kind.POD: "v1",
    Kind.RESOURCE_QUOTA: "v1",
}
OWN_KINDS = (Kind.TRACK_BATCH, Kind.TRAINING_RUN)
PARENT_LABELS: dict[Kind, Label] = {Kind.TRACK_BATCH: Label.TRACK_BATCH, Kind.TRAINING_RUN: Label.TRAINING_RUN}
"""Label by which a child names its parent, by the parent's kind."""


def type_meta(kind: Kind) -> Manifest:
    """``apiVersion`` and ``kind`` of a manifest."""
    return {"apiVersion": API_VERSIONS[kind], "kind": str(kind)}


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


def works_for(pod: Manifest, resource: Key) -> bool:
    """Whether a pod carries the label that names this TrackBatch or TrainingRun as its parent."""
    labels = pod["metadata"].get("labels") or {}
    return bool(labels.get(PARENT_LABELS[resource.kind]) == resource.name)


def catalogue_of(resource: Manifest) -> object:
    """Catalogue of a TrackBatch or TrainingRun; None if it names none."""
    return (resource.get("spec") or {}).get("catalogue")
