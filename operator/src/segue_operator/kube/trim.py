"""Objects cut down to what plans read, so that thousands of them fit into little memory. Pure."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any

from segue_operator.api.objects import API_VERSIONS, Kind, Manifest

_METADATA = (
    "name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp",
    "labels", "annotations", "ownerReferences",
)  # fmt: skip
_SPEC: Mapping[Kind, tuple[str, ...]] = {
    Kind.JOB: ("suspend", "parallelism"),
    Kind.DEPLOYMENT: ("replicas",),
    Kind.SPARK_APPLICATION: ("suspend",),
    Kind.POD: (),
}
_STATUS: Mapping[Kind, tuple[str, ...]] = {
    Kind.JOB: ("conditions", "succeeded", "failedIndexes"),
    Kind.DEPLOYMENT: ("conditions", "readyReplicas"),
    Kind.SPARK_APPLICATION: ("applicationState",),
    Kind.POD: ("phase", "reason", "conditions", "containerStatuses"),
}
_CONTAINER_STATUS = ("name", "state")
_UNREAD_ANNOTATIONS = frozenset({"kubectl.kubernetes.io/last-applied-configuration"})


def trim(kind: Kind, manifest: Mapping[str, Any]) -> Manifest:
    """The object with only what plans read; Segue's own kinds keep spec and status whole.

    Parameters
    ----------
    kind
        The object's kind: items of a list do not name it themselves.
    manifest
        The object as the API server sent it; it is not changed.
    """
    small: Manifest = {
        "apiVersion": API_VERSIONS[kind],
        "kind": str(kind),
        "metadata": _share(_only(manifest["metadata"], _METADATA)),
    }
    annotations = small["metadata"].get("annotations")
    if annotations:
        for name in _UNREAD_ANNOTATIONS & annotations.keys():
            del annotations[name]
    if kind not in _SPEC:
        return small | {part: _share(manifest[part]) for part in ("spec", "status") if part in manifest}
    small["spec"] = _share(_only(manifest.get("spec") or {}, _SPEC[kind]))
    status = _only(manifest.get("status") or {}, _STATUS[kind])
    if "containerStatuses" in status:
        status["containerStatuses"] = [_only(one, _CONTAINER_STATUS) for one in status["containerStatuses"] or ()]
    if status:
        small["status"] = _share(status)
    return small


def _only(source: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: source[name] for name in names if name in source}


def _share(value: Any) -> Any:
    """Copy whose names and short texts are kept once for all objects."""
    if isinstance(value, dict):
        return {sys.intern(name): _share(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_share(entry) for entry in value]
    if isinstance(value, str) and len(value) <= 40:
        return sys.intern(value)
    return value
