"""A user's changes to a pod template."""

from __future__ import annotations

import copy
from typing import Any

from segue_operator.kinds.objects import Manifest
from segue_operator.kinds.pod_overrides import PodOverrides

_POD_FIELDS = (
    "nodeSelector",
    "tolerations",
    "affinity",
    "imagePullSecrets",
    "serviceAccountName",
    "priorityClassName",
)


def merge_environment(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Our variables, replaced by theirs of the same name, then the rest of theirs."""
    replaced = {variable["name"]: variable for variable in theirs}
    names = {variable["name"] for variable in ours}
    return [
        *(replaced.get(variable["name"], variable) for variable in ours),
        *(variable for variable in theirs if variable["name"] not in names),
    ]


def override_pod(template: Manifest, overrides: PodOverrides | None) -> Manifest:
    """Apply the user's changes to a pod template, except to the labels by which the operator finds its pods."""
    template = copy.deepcopy(template)
    if overrides is None:
        return template
    given = overrides.model_dump(mode="json", by_alias=True, exclude_none=True)
    metadata, spec = template.setdefault("metadata", {}), template["spec"]
    if "labels" in given:
        metadata["labels"] = given["labels"] | metadata.get("labels", {})
    if "annotations" in given:
        metadata["annotations"] = given["annotations"] | metadata.get("annotations", {})
    for name in _POD_FIELDS:
        if name in given:
            spec[name] = given[name]
    for container in spec["containers"]:
        if "resources" in given:
            container["resources"] = given["resources"]
        if "env" in given:
            container["env"] = merge_environment(container["env"], given["env"])
        if "envFrom" in given:
            container["envFrom"] = given["envFrom"]
    return template
