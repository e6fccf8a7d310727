"""A local cluster's state on disk, as a run leaves it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from segue.cluster.api_server.object_files import ObjectFiles
from segue_operator.kinds.objects import Key, Kind, Manifest


def condition(type_: str, status: str, reason: str, message: str = "") -> Manifest:
    """One condition of a resource."""
    since = {"lastTransitionTime": "2026-01-01T10:01:05Z", "observedGeneration": 1}
    return {"type": type_, "status": status, "reason": reason, "message": message, **since}


def ended(manifest: Manifest, *, reason: str, message: str, failed: bool = False, **status: Any) -> Manifest:
    """The resource with its final verdict."""
    conditions = [
        condition("Succeeded", "False" if failed else "True", reason, message),
        condition(
            "Failed", "True" if failed else "False", reason if failed else "NotFailed", message if failed else ""
        ),
    ]
    times = {"startTime": "2026-01-01T10:00:00Z", "completionTime": "2026-01-01T10:01:05Z"}
    phase = "Failed" if failed else "Succeeded"
    return {**manifest, "status": {"phase": phase, "conditions": conditions, **times, **status}}


def pod(
    name: str, *, labels: Mapping[str, str], phase: str = "Succeeded", message: str = "", **annotations: str
) -> Manifest:
    """A pod that has ended, or runs."""
    terminated = {"terminated": {"exitCode": 0 if phase == "Succeeded" else 1, "message": message}}
    state = {"running": {}} if phase == "Running" else terminated
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", "labels": dict(labels), "annotations": annotations},
        "spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "x", "command": ["true"]}]},
        "status": {"phase": phase, "containerStatuses": [{"state": state}]},
    }


def write_state(root: Path, *manifests: Manifest, logs: Mapping[str, str] | None = None) -> None:
    """Write objects and logs where a local cluster keeps them."""
    files = ObjectFiles(root)
    for manifest in manifests:
        files.write(manifest)
    for name, text in (logs or {}).items():
        path = root / "logs" / "default" / f"{name}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def key(kind: Kind, name: str) -> Key:
    """Key in the default namespace."""
    return Key(kind, "default", name)
