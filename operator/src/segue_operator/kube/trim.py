"""Reduce objects to what plans read, so that thousands of them need little memory. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from segue_operator.kinds.constants import Annotation, Label
from segue_operator.kinds.objects import Kind, Manifest, type_meta

_METADATA = (
    "name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp",
    "ownerReferences",
)  # fmt: skip
_LABELS = (
    Label.TRACK_BATCH, Label.TRAINING_RUN, Label.COMPONENT, Label.ATTEMPT, Label.APP_INSTANCE, Label.APP_MANAGED_BY,
    Label.SPARK_ROLE, Annotation.JOB_COMPLETION_INDEX,
)  # fmt: skip
_ANNOTATIONS = (Annotation.APPLIED, Annotation.JOB_COMPLETION_INDEX)
_OWNER = ("apiVersion", "kind", "name", "uid", "controller")
_SPEC: Mapping[Kind, tuple[str, ...]] = {
    Kind.JOB: ("suspend", "parallelism"),
    Kind.DEPLOYMENT: ("replicas",),
    Kind.SPARK_APPLICATION: ("suspend",),
    Kind.POD: (),
    Kind.RESOURCE_QUOTA: ("hard",),
}
_STATUS: Mapping[Kind, tuple[str, ...]] = {
    Kind.JOB: ("conditions", "succeeded", "failedIndexes"),
    Kind.DEPLOYMENT: ("conditions", "readyReplicas"),
    Kind.SPARK_APPLICATION: ("applicationState",),
    Kind.POD: ("phase", "reason", "conditions", "containerStatuses", "podIP"),
    Kind.RESOURCE_QUOTA: ("used",),
}
_CONTAINER_STATUS = ("name", "state", "lastState")
_CONDITION = ("type", "status", "reason", "message")
_POD_CONDITION = (*_CONDITION, "lastTransitionTime")
_CONDITIONS: Mapping[Kind, frozenset[str]] = {
    Kind.JOB: frozenset({"Complete", "Failed"}),
    Kind.DEPLOYMENT: frozenset({"ReplicaFailure"}),
    Kind.POD: frozenset({"PodScheduled", "Ready", "DisruptionTarget"}),
}


def trim(kind: Kind, manifest: Mapping[str, Any]) -> Manifest:
    """The object with only the fields that plans read; Segue's own kinds keep spec and status.

    Parameters
    ----------
    kind
        The object's kind, which items of a list do not contain.
    manifest
        The object as the API server sent it; it is not modified.
    """
    small: Manifest = {
        **type_meta(kind),
        "metadata": _metadata(manifest["metadata"]),
    }
    if kind not in _SPEC:
        return small | {part: manifest[part] for part in ("spec", "status") if part in manifest}
    small["spec"] = _only(manifest.get("spec") or {}, _SPEC[kind])
    status = _only(manifest.get("status") or {}, _STATUS[kind])
    if "containerStatuses" in status:
        status["containerStatuses"] = [_container(one) for one in status["containerStatuses"] or ()]
    if "conditions" in status:
        types, fields = _CONDITIONS[kind], _POD_CONDITION if kind is Kind.POD else _CONDITION
        status["conditions"] = [_only(one, fields) for one in status["conditions"] or () if one["type"] in types]
    if status:
        small["status"] = status
    return small


def _metadata(given: Mapping[str, Any]) -> dict[str, Any]:
    small = _only(given, _METADATA)
    for name, wanted in (("labels", _LABELS), ("annotations", _ANNOTATIONS)):
        kept = _only(given.get(name) or {}, wanted)
        if kept:
            small[name] = kept
    if "ownerReferences" in small:
        small["ownerReferences"] = [_only(one, _OWNER) for one in small["ownerReferences"] or ()]
    return small


def _container(given: Mapping[str, Any]) -> dict[str, Any]:
    small = _only(given, _CONTAINER_STATUS)
    return small if small.get("lastState") else {name: small[name] for name in small if name != "lastState"}


def _only(source: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {str(name): source[name] for name in names if name in source}
