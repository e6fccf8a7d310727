"""What the local API accepts: names, the parts of each kind that it runs, and what may not change. Pure."""

from __future__ import annotations

import re
from typing import Any

from segue_operator.api.objects import API_VERSIONS, Kind, Manifest
from segue_operator.controller.cluster import InvalidError

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_IMMUTABLE_JOB_FIELDS = (
    "template", "completions", "completionMode", "selector", "podFailurePolicy", "backoffLimitPerIndex",
    "managedBy", "successPolicy",
)  # fmt: skip


def check_identity(manifest: Manifest) -> None:
    """Check kind, apiVersion, name and namespace; they become paths of files.

    Raises
    ------
    InvalidError
        One of them is missing or wrong.
    """
    try:
        kind = Kind(manifest["kind"])
        metadata = manifest["metadata"]
        name, namespace = metadata["name"], metadata.get("namespace", "default")
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidError(f"the object needs a known kind and metadata.name: {error}") from None
    if manifest.get("apiVersion") != API_VERSIONS[kind]:
        raise InvalidError(f"{kind} {name}: apiVersion must be {API_VERSIONS[kind]}, not {manifest.get('apiVersion')}")
    for field, value in (("name", name), ("namespace", namespace)):
        if not (isinstance(value, str) and len(value) <= 253 and _NAME.fullmatch(value)):
            raise InvalidError(
                f"metadata.{field}: {value!r} must be lower-case letters, digits, '-' or '.', at most 253 characters"
            )


def check_change(new: Manifest, old: Manifest | None) -> None:
    """Check the spec of a child kind, and what of it may not change.

    Raises
    ------
    InvalidError
        The local cluster cannot run it, or the change is not allowed.
    """
    check = _CHECKS.get(Kind(new["kind"]))
    if check is not None:
        spec = new.get("spec")
        if not isinstance(spec, dict):
            raise InvalidError(f"{new['kind']} {new['metadata']['name']}: spec is required")
        check(spec, None if old is None else old["spec"])


def _check_pod(spec: dict[str, Any], path: str) -> None:
    containers = spec.get("containers")
    if not containers or len(containers) != 1 or spec.get("initContainers"):
        raise InvalidError(f"{path}.containers: the local cluster runs pods of exactly one container")
    if not containers[0].get("name"):
        raise InvalidError(f"{path}.containers[0].name: required")
    if not containers[0].get("command"):
        raise InvalidError(f"{path}.containers[0].command: required, as the local cluster has no images")


def _check_template(spec: dict[str, Any]) -> dict[str, Any]:
    template = spec.get("template", {}).get("spec")
    if not template:
        raise InvalidError("spec.template.spec: required")
    _check_pod(template, "spec.template.spec")
    return dict(template)


def _check_number(spec: dict[str, Any], name: str, minimum: int) -> None:
    value = spec.get(name)
    if value is not None and not (type(value) is int and value >= minimum):
        raise InvalidError(f"spec.{name}: {value!r} must be a whole number of at least {minimum}")


def _check_job(spec: dict[str, Any], old: dict[str, Any] | None) -> None:
    template = _check_template(spec)
    if template.get("restartPolicy") != "Never":
        raise InvalidError("spec.template.spec.restartPolicy: must be Never; the Job retries with new pods")
    for name in ("parallelism", "backoffLimit", "backoffLimitPerIndex", "maxFailedIndexes", "completions"):
        _check_number(spec, name, 0)
    _check_number(spec, "activeDeadlineSeconds", 1)
    indexed = spec.get("completionMode", "NonIndexed") == "Indexed"
    if spec.get("completions") is None and (indexed or spec.get("parallelism") is not None):
        raise InvalidError("spec.completions: required")
    if not indexed and (spec.get("backoffLimitPerIndex") is not None or spec.get("maxFailedIndexes") is not None):
        raise InvalidError("spec.backoffLimitPerIndex and spec.maxFailedIndexes need completionMode Indexed")
    for name in _IMMUTABLE_JOB_FIELDS:
        if old is not None and spec.get(name) != old.get(name):
            raise InvalidError(f"spec.{name}: field is immutable")


def _check_deployment(spec: dict[str, Any], old: dict[str, Any] | None) -> None:
    template = _check_template(spec)
    _check_number(spec, "replicas", 0)
    if template.get("restartPolicy", "Always") != "Always":
        raise InvalidError("spec.template.spec.restartPolicy: must be Always")
    selector = (spec.get("selector") or {}).get("matchLabels")
    labels = (spec["template"].get("metadata") or {}).get("labels") or {}
    if not selector or not selector.items() <= labels.items():
        raise InvalidError("spec.selector.matchLabels: must match spec.template.metadata.labels")
    if old is not None and spec.get("selector") != old.get("selector"):
        raise InvalidError("spec.selector: field is immutable")


def _check_spark_application(spec: dict[str, Any], _old: dict[str, Any] | None) -> None:
    if spec.get("type") != "Python" or not spec.get("mainApplicationFile"):
        raise InvalidError("spec.type must be Python, with a spec.mainApplicationFile")
    if spec.get("restartPolicy", {}).get("type", "Never") != "Never":
        raise InvalidError("spec.restartPolicy.type: must be Never; the TrainingRun retries with a new application")


def _check_bare_pod(spec: dict[str, Any], _old: dict[str, Any] | None) -> None:
    _check_pod(spec, "spec")


_CHECKS = {
    Kind.JOB: _check_job,
    Kind.DEPLOYMENT: _check_deployment,
    Kind.SPARK_APPLICATION: _check_spark_application,
    Kind.POD: _check_bare_pod,
}
