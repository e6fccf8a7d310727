"""Where in the API each kind lives."""

from __future__ import annotations

from urllib.parse import quote

from segue_operator.api.constants import FIELD_MANAGER, Label
from segue_operator.api.objects import API_VERSIONS, Key, Kind

PLURALS: dict[Kind, str] = {
    Kind.TRACK_BATCH: "trackbatches",
    Kind.TRAINING_RUN: "trainingruns",
    Kind.JOB: "jobs",
    Kind.DEPLOYMENT: "deployments",
    Kind.SPARK_APPLICATION: "sparkapplications",
    Kind.POD: "pods",
}
OWN_KINDS = (Kind.TRACK_BATCH, Kind.TRAINING_RUN)
CHILD_SELECTOR = f"{Label.APP_MANAGED_BY}={FIELD_MANAGER}"
"""Label selector of what the operator made, and of the pods of that."""


def selector(kind: Kind) -> str | None:
    """Label selector by which a kind is listed and watched; None for Segue's own kinds, which people make."""
    return None if kind in OWN_KINDS else CHILD_SELECTOR


def group_version_path(kind: Kind) -> str:
    """Path of a kind's group and version."""
    version = API_VERSIONS[kind]
    return f"/apis/{version}" if "/" in version else f"/api/{version}"


def collection_path(kind: Kind, namespace: str | None) -> str:
    """Path of all objects of a kind, of one namespace or of all."""
    prefix = group_version_path(kind)
    return f"{prefix}/namespaces/{quote(namespace)}/{PLURALS[kind]}" if namespace else f"{prefix}/{PLURALS[kind]}"


def object_path(key: Key) -> str:
    """Path of one object."""
    return f"{collection_path(key.kind, key.namespace)}/{quote(key.name)}"
