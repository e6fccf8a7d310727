"""Paths of the API."""

from __future__ import annotations

from urllib.parse import quote

from segue_operator.kinds.constants import FIELD_MANAGER, Label
from segue_operator.kinds.objects import API_VERSIONS, OWN_KINDS, Key, Kind

PLURALS: dict[Kind, str] = {
    Kind.TRACK_BATCH: "trackbatches",
    Kind.TRAINING_RUN: "trainingruns",
    Kind.JOB: "jobs",
    Kind.DEPLOYMENT: "deployments",
    Kind.SPARK_APPLICATION: "sparkapplications",
    Kind.POD: "pods",
    Kind.RESOURCE_QUOTA: "resourcequotas",
}
CHILD_SELECTOR = f"{Label.APP_MANAGED_BY}={FIELD_MANAGER}"
"""Label selector of the operator's children and their pods."""


def selector(kind: Kind) -> str | None:
    """Label selector for listing and watching a kind; None for what users create."""
    return None if kind in (*OWN_KINDS, Kind.RESOURCE_QUOTA) else CHILD_SELECTOR


def group_version_path(kind: Kind) -> str:
    """Path of a kind's group and version."""
    version = API_VERSIONS[kind]
    return f"/apis/{version}" if "/" in version else f"/api/{version}"


def collection_path(kind: Kind, namespace: str | None) -> str:
    """Path of all objects of a kind, in one namespace or in all."""
    prefix = group_version_path(kind)
    return f"{prefix}/namespaces/{quote(namespace)}/{PLURALS[kind]}" if namespace else f"{prefix}/{PLURALS[kind]}"


def object_path(key: Key) -> str:
    """Path of one object."""
    return f"{collection_path(key.kind, key.namespace)}/{quote(key.name)}"
