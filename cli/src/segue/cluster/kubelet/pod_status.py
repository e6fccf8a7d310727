"""A pod's status in Kubernetes' shape, for a pod of one container. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from segue.cluster.pods import terminated
from segue_core.contract.times import timestamp
from segue_operator.kinds.objects import Manifest

Status = dict[str, Any]


def _container(pod: Manifest) -> Status:
    known = pod.get("status", {}).get("containerStatuses") or [{}]
    return {**known[0], "name": pod["spec"]["containers"][0]["name"]}


def _status(phase: str, container: Status) -> Status:
    ready = "True" if "running" in container["state"] else "False"
    conditions = [{"type": "Ready", "status": ready}]
    return {"phase": phase, "conditions": conditions, "containerStatuses": [container]}


def waiting(pod: Manifest, reason: str, message: str) -> Status:
    """The container cannot start, or waits for its next try; what ended before becomes its last state."""
    container = _container(pod)
    if ended_before := terminated(pod):
        container["lastState"] = {"terminated": ended_before}
    container["state"] = {"waiting": {"reason": reason, "message": message}}
    return _status("Running" if "lastState" in container else "Pending", container)


def running(pod: Manifest, now: datetime) -> Status:
    """The process runs."""
    return _status("Running", _container(pod) | {"state": {"running": {"startedAt": timestamp(now)}}})


def ended(
    pod: Manifest, exit_code: int, message: str, now: datetime, *, reason: str | None = None, final: bool = True
) -> Status:
    """The process has ended: with ``final`` so has the pod, else it will be started again."""
    container = _container(pod)
    started = container.get("state", {}).get("running", {}).get("startedAt", timestamp(now))
    end = {
        "exitCode": exit_code,
        "reason": reason or ("Completed" if exit_code == 0 else "Error"),
        "message": message,
        "startedAt": started,
        "finishedAt": timestamp(now),
    }
    container["state"] = {"terminated": end}
    return _status(("Succeeded" if exit_code == 0 else "Failed") if final else "Running", container)


def disrupted(status: Status, message: str) -> Status:
    """The status of a pod that the local cluster ended, not its program: a failure policy may ignore it."""
    condition = {"type": "DisruptionTarget", "status": "True", "reason": "TerminationByKubelet", "message": message}
    return {**status, "conditions": [*status["conditions"], condition]}
