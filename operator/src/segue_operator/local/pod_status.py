"""A pod's status in Kubernetes' shape, for a pod of one container. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from segue_operator.api.objects import Manifest
from segue_operator.local.times import timestamp

Status = dict[str, Any]


def _container(pod: Manifest) -> Status:
    spec = pod["spec"]["containers"][0]
    known = (pod.get("status") or {}).get("containerStatuses") or ()
    empty = {"name": spec["name"], "image": spec.get("image", ""), "restartCount": 0, "lastState": {}}
    return {**empty, **(known[0] if known else {})}


def _status(pod: Manifest, phase: str, container: Status, now: datetime) -> Status:
    old = pod.get("status") or {}
    ready = bool(container["ready"])
    holds = {"PodScheduled": True, "Initialized": True, "ContainersReady": ready, "Ready": ready}
    conditions = [{"type": type_, "status": "True" if value else "False"} for type_, value in holds.items()]
    before = {condition["type"]: condition for condition in old.get("conditions") or ()}
    for condition in conditions:
        previous = before.pop(condition["type"], {})
        moved = previous.get("status") != condition["status"]
        condition["lastTransitionTime"] = timestamp(now) if moved else previous["lastTransitionTime"]
    return {
        "phase": phase,
        "conditions": [*conditions, *before.values()],
        "hostIP": "127.0.0.1",
        "podIP": "127.0.0.1",
        "startTime": old.get("startTime", timestamp(now)),
        "containerStatuses": [container],
    }


def restart_count(pod: Manifest) -> int:
    """How often the container was started again."""
    return int(_container(pod)["restartCount"])


def waiting(pod: Manifest, reason: str, message: str, now: datetime) -> Status:
    """The container cannot start, or waits for its next try; what ended before becomes its last state."""
    container = _container(pod)
    ended = container.get("state", {}).get("terminated")
    container |= {
        "ready": False,
        "started": False,
        "state": {"waiting": {"reason": reason, "message": message}},
        "lastState": {"terminated": ended} if ended else container["lastState"],
    }
    return _status(pod, "Running" if container["lastState"] else "Pending", container, now)


def running(pod: Manifest, now: datetime, *, restarts: int) -> Status:
    """The process runs."""
    container = _container(pod) | {
        "ready": True,
        "started": True,
        "restartCount": restarts,
        "state": {"running": {"startedAt": timestamp(now)}},
    }
    return _status(pod, "Running", container, now)


def ended(
    pod: Manifest, exit_code: int, message: str, now: datetime, *, reason: str | None = None, final: bool = True
) -> Status:
    """The process has ended: with ``final`` the pod has, too, else it will be started again."""
    container = _container(pod)
    state: Mapping[str, Any] = container.get("state") or {}
    started = (state.get("running") or {}).get("startedAt", timestamp(now))
    terminated = {
        "exitCode": exit_code,
        "reason": reason or ("Completed" if exit_code == 0 else "Error"),
        "startedAt": started,
        "finishedAt": timestamp(now),
    }
    if exit_code > 128:
        terminated["signal"] = exit_code - 128
    if message:
        terminated["message"] = message
    container |= {"ready": False, "started": False, "state": {"terminated": terminated}}
    phase = ("Succeeded" if exit_code == 0 else "Failed") if final else "Running"
    return _status(pod, phase, container, now)


def disrupted(status: Status, message: str, now: datetime) -> Status:
    """The status of a pod that the local cluster ended, not its program: a failure policy may ignore it."""
    condition = {
        "type": "DisruptionTarget",
        "status": "True",
        "reason": "TerminationByKubelet",
        "message": message,
        "lastTransitionTime": timestamp(now),
    }
    return {**status, "conditions": [*status["conditions"], condition], "reason": "Terminated", "message": message}
