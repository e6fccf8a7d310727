"""What workload controllers ask for, and how they make pods. Pure."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from segue_operator.kinds.objects import Key, Kind, Manifest


@dataclass(frozen=True)
class Changes:
    """What a workload controller wants; nothing where all is as it should be."""

    status: Mapping[str, Any] | None = None
    """The new status; None leaves it as it is."""
    create: tuple[Manifest, ...] = ()
    """Pods."""
    delete: tuple[Key, ...] = ()
    """Pods."""
    look_again_seconds: float | None = None


def changed(status: dict[str, Any], workload: Manifest) -> dict[str, Any] | None:
    """The status if it differs from the workload's present one."""
    return None if status == (workload.get("status") or {}) else status


def pod_of(owner: Manifest, template: Mapping[str, Any], labels: Mapping[str, str], **metadata: Any) -> Manifest:
    """A pod of the owner's template, with these labels added and the given ``name`` or ``generateName``."""
    given, key = template.get("metadata") or {}, Key.of(owner)
    reference = {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": key.name,
        "uid": owner["metadata"]["uid"],
        "controller": True,
    }
    return {
        "apiVersion": "v1",
        "kind": str(Kind.POD),
        "metadata": {
            "namespace": key.namespace,
            "labels": {**(given.get("labels") or {}), **labels},
            "annotations": dict(given.get("annotations") or {}),
            "ownerReferences": [reference],
            **metadata,
        },
        "spec": copy.deepcopy(dict(template["spec"])),
    }
