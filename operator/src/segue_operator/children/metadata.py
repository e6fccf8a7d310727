"""Labels and ownership of children."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from segue_operator.kinds.constants import API_VERSION, FIELD_MANAGER, PART_OF, Component, Label
from segue_operator.kinds.objects import PARENT_LABELS, Kind, Manifest
from segue_operator.kinds.trackbatch import TrackBatch
from segue_operator.kinds.trainingrun import TrainingRun

Resource = TrackBatch | TrainingRun


def parent_labels(resource: Resource) -> dict[str, str]:
    """The label that all children of a resource and all their pods carry."""
    return {str(PARENT_LABELS[Kind(resource.kind)]): resource.metadata.name}


def instance_labels(instance: str, component: Component) -> dict[str, str]:
    """Labels of everything that the operator makes.

    Parameters
    ----------
    instance
        Name of the resource that it is made for; of what several share, its own.
    """
    return {
        str(Label.APP_NAME): f"{PART_OF}-{component}",
        str(Label.APP_INSTANCE): instance,
        str(Label.APP_COMPONENT): str(component),
        str(Label.APP_PART_OF): PART_OF,
        str(Label.APP_MANAGED_BY): FIELD_MANAGER,
        str(Label.COMPONENT): str(component),
    }


def labels(resource: Resource, component: Component) -> dict[str, str]:
    """All labels of a child; its pods carry them too."""
    return instance_labels(resource.metadata.name, component) | parent_labels(resource)


def owner_reference(resource: Resource) -> dict[str, Any]:
    """Owner reference, so that the garbage collector deletes the child with its parent."""
    return {
        "apiVersion": API_VERSION,
        "kind": resource.kind,
        "name": resource.metadata.name,
        "uid": resource.metadata.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }


def metadata(
    resource: Resource, name: str, component: Component, more_labels: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Metadata of a child."""
    return {
        "name": name,
        "namespace": resource.metadata.namespace,
        "labels": labels(resource, component) | dict(more_labels or {}),
        "ownerReferences": [owner_reference(resource)],
    }


def controller_uid(child: Manifest) -> str | None:
    """UID of the object that controls a child; None if there is no such object."""
    for reference in child.get("metadata", {}).get("ownerReferences") or ():
        if reference.get("controller"):
            return str(reference.get("uid"))
    return None


def is_ours(child: Manifest) -> bool:
    """Whether the operator made the object."""
    return (child["metadata"].get("labels") or {}).get(Label.APP_MANAGED_BY) == FIELD_MANAGER


def is_owned(child: Manifest, resource: Resource) -> bool:
    """Whether the resource controls the child; an earlier resource of the same name does not count."""
    return bool(resource.metadata.uid) and controller_uid(child) == resource.metadata.uid
