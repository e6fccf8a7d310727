"""Manifests of workloads and pods for tests: small, and complete enough for the local cluster."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from segue_core.contract.times import timestamp
from segue_operator.kinds.objects import API_VERSIONS, Key, Kind, Manifest

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def manifest(kind: Kind, name: str, spec: dict[str, Any], **metadata: Any) -> Manifest:
    """An object of a kind."""
    return {"apiVersion": API_VERSIONS[kind], "kind": str(kind), "metadata": {"name": name, **metadata}, "spec": spec}


def template(*command: str, restart: str = "Never", container: dict[str, Any] | None = None, **spec: Any) -> Manifest:
    """A pod template of one container."""
    run = {"name": "main", "command": list(command or ("true",)), **(container or {})}
    return {"metadata": {"labels": {"app": "test"}}, "spec": {"restartPolicy": restart, "containers": [run], **spec}}


def job(name: str, *command: str, completions: int = 1, parallelism: int | None = None, **spec: Any) -> Manifest:
    """An Indexed Job that runs a command."""
    pod = spec.pop("template", None) or template(*command, **spec.pop("pod", {}))
    base = {"completionMode": "Indexed", "completions": completions, "parallelism": parallelism or completions}
    return manifest(Kind.JOB, name, {**base, **spec, "template": pod})


def deployment(name: str, *command: str, replicas: int = 1, **pod: Any) -> Manifest:
    """A Deployment that runs a command."""
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": "test"}}}
    return manifest(Kind.DEPLOYMENT, name, {**spec, "template": template(*command, restart="Always", **pod)})


def failure_policy(**codes: Sequence[int]) -> dict[str, Any]:
    """podFailurePolicy by exit codes: ``failure_policy(FailJob=[2], FailIndex=[3])``, disruptions ignored."""
    rules: list[dict[str, Any]] = [
        {"action": action, "onExitCodes": {"containerName": "main", "operator": "In", "values": list(values)}}
        for action, values in codes.items()
    ]
    rules.append({"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]})
    return {"rules": rules}


def stored(given: Manifest, uid: str = "uid-1", generation: int = 1) -> Manifest:
    """The object as a server keeps it."""
    metadata = {"namespace": "default", "uid": uid, "generation": generation, "creationTimestamp": timestamp(NOW)}
    return {**given, "metadata": {**given["metadata"], **metadata}}


def pod(
    name: str, *, index: int | None = None, exit_code: int | None = None, seconds: float = 0.0, **status: Any
) -> Manifest:
    """A pod that runs, or that ended so many seconds after `NOW`."""
    annotations = {} if index is None else {"batch.kubernetes.io/job-completion-index": str(index)}
    ended = {"exitCode": exit_code, "finishedAt": timestamp(NOW + timedelta(seconds=seconds))}
    state = {"running": {}} if exit_code is None else {"terminated": ended}
    phase = "Running" if exit_code is None else "Failed" if exit_code else "Succeeded"
    ready = {"type": "Ready", "status": "True" if exit_code is None else "False"}
    given = manifest(Kind.POD, name, {"containers": [{"name": "main", "command": ["true"]}]}, annotations=annotations)
    return stored(given, uid=name) | {
        "status": {"phase": phase, "conditions": [ready], "containerStatuses": [{"name": "main", "state": state}]}
        | status
    }


def condition(given: Manifest, type_: str) -> dict[str, Any]:
    """A condition of an object; empty if it has none of the type."""
    conditions = (given.get("status") or {}).get("conditions") or ()
    return next((found for found in conditions if found["type"] == type_), {})


def key(kind: Kind, name: str) -> Key:
    """Key in the default namespace."""
    return Key(kind, "default", name)


def owned_by(owner: Manifest, child: Manifest) -> Manifest:
    """The child with a reference to its owner."""
    reference = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": "x", "uid": owner["metadata"]["uid"]}
    return {**child, "metadata": {**child["metadata"], "ownerReferences": [reference]}}
