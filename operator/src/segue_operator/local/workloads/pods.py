"""What the workload controllers read from pods, and how they make them. Pure."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from segue_operator.api.objects import Key, Kind, Manifest
from segue_operator.local.times import parse, timestamp


@dataclass(frozen=True)
class Outcome:
    """What a workload controller wants; an unchanged status is none."""

    status: Mapping[str, Any] | None = None
    create: tuple[Manifest, ...] = ()
    """Pods."""
    delete: tuple[Key, ...] = ()
    """Pods."""
    look_again_seconds: float | None = None


@dataclass(frozen=True)
class BackOff:
    """How long to wait before the next try: doubled with each failure."""

    first_seconds: float = 1.0
    longest_seconds: float = 60.0

    def seconds(self, failures: int) -> float:
        """Wait after so many failures in a row; none after none."""
        if failures < 1:
            return 0.0
        return min(self.longest_seconds, self.first_seconds * 2.0 ** min(failures - 1, 32))


DEFAULT_BACK_OFF = BackOff()


def phase(pod: Manifest) -> str:
    """The pod's phase."""
    return str(pod.get("status", {}).get("phase", "Pending"))


def is_finished(pod: Manifest) -> bool:
    """Whether its containers have ended for good."""
    return phase(pod) in ("Succeeded", "Failed")


def is_terminating(pod: Manifest) -> bool:
    """Whether it is being deleted."""
    return "deletionTimestamp" in pod["metadata"]


def is_ready(pod: Manifest) -> bool:
    """Whether it runs and serves."""
    return has_condition(pod, "Ready", "True")


def has_condition(pod: Manifest, type_: str, status: str) -> bool:
    """Whether the object has a condition in this status."""
    conditions = pod.get("status", {}).get("conditions") or ()
    return any(condition["type"] == type_ and condition["status"] == status for condition in conditions)


def exit_codes(pod: Manifest) -> dict[str, int]:
    """Exit code of each container that has ended, by the container's name."""
    codes: dict[str, int] = {}
    for container in pod.get("status", {}).get("containerStatuses") or ():
        terminated = container.get("state", {}).get("terminated")
        if terminated is not None:
            codes[container["name"]] = int(terminated["exitCode"])
    return codes


def finished_at(pod: Manifest) -> datetime:
    """When the last container ended; the pod's creation if that is unknown."""
    times = [
        parse(terminated["finishedAt"])
        for container in pod.get("status", {}).get("containerStatuses") or ()
        if (terminated := container.get("state", {}).get("terminated")) and terminated.get("finishedAt")
    ]
    return max(times, default=parse(pod["metadata"]["creationTimestamp"]))


def template_hash(template: Mapping[str, Any]) -> str:
    """Short name of a pod template's content."""
    return hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:10]


def pod_of(
    owner: Manifest, template: Mapping[str, Any], *, labels: Mapping[str, str], annotations: Mapping[str, str] = {}
) -> Manifest:
    """A pod of the owner's template, without a name."""
    metadata = template.get("metadata") or {}
    key = Key.of(owner)
    return {
        "apiVersion": "v1",
        "kind": str(Kind.POD),
        "metadata": {
            "namespace": key.namespace,
            "labels": {**(metadata.get("labels") or {}), **labels},
            "annotations": {**(metadata.get("annotations") or {}), **annotations},
            "ownerReferences": [
                {
                    "apiVersion": owner["apiVersion"],
                    "kind": owner["kind"],
                    "name": key.name,
                    "uid": owner["metadata"]["uid"],
                    "controller": True,
                    "blockOwnerDeletion": True,
                }
            ],
        },
        "spec": copy.deepcopy(dict(template["spec"])),
    }


@dataclass(frozen=True)
class Condition:
    """A condition to set."""

    type: str
    status: str
    reason: str
    message: str


def with_condition(conditions: list[dict[str, Any]], wanted: Condition, now: datetime) -> list[dict[str, Any]]:
    """The conditions with this one set; its transition time moves only when its status does."""
    old = next((condition for condition in conditions if condition["type"] == wanted.type), None)
    new = {**vars(wanted), "lastProbeTime": timestamp(now), "lastTransitionTime": timestamp(now)}
    if old is None:
        return [*conditions, new]
    if old["status"] == wanted.status:
        new |= {name: old[name] for name in ("lastProbeTime", "lastTransitionTime") if name in old}
    return [new if condition is old else condition for condition in conditions]


def seconds_until(moment: datetime, now: datetime) -> float:
    """Seconds from now, never negative."""
    return max(0.0, (moment - now) / timedelta(seconds=1))
