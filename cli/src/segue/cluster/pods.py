"""What workload controllers and kubelet read from pods. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from segue_core.contract.backoff import Backoff
from segue_core.contract.times import parse_timestamp
from segue_operator.kinds.objects import Manifest

METRICS_PORT_ANNOTATION = "segue.dev/metrics-port"
"""Port of the loopback interface on which a running pod serves ``/metrics``."""
RETRY_BACKOFF = Backoff(first_seconds=1.0, longest_seconds=60.0)
"""Before the next try of a Job, and before a container starts again."""


def phase(pod: Manifest) -> str:
    """The pod's phase."""
    return str(pod.get("status", {}).get("phase", "Pending"))


def is_finished(pod: Manifest) -> bool:
    """Whether its container has ended for good."""
    return phase(pod) in ("Succeeded", "Failed")


def is_terminating(pod: Manifest) -> bool:
    """Whether it is being deleted."""
    return "deletionTimestamp" in pod["metadata"]


def is_ready(pod: Manifest) -> bool:
    """Whether it runs and serves."""
    return has_condition(pod, "Ready")


def is_disrupted(pod: Manifest) -> bool:
    """Whether the local cluster ended it, not its program."""
    return has_condition(pod, "DisruptionTarget")


def has_condition(manifest: Manifest, type_: str) -> bool:
    """Whether an object has a condition that is True."""
    conditions = manifest.get("status", {}).get("conditions") or ()
    return any(condition["type"] == type_ and condition["status"] == "True" for condition in conditions)


def terminated(pod: Manifest) -> dict[str, Any]:
    """How its container ended; empty if it has not."""
    containers = pod.get("status", {}).get("containerStatuses") or [{}]
    return dict(containers[0].get("state", {}).get("terminated") or {})


def finished_at(pod: Manifest) -> datetime:
    """When a finished pod's container ended."""
    return parse_timestamp(terminated(pod)["finishedAt"])
