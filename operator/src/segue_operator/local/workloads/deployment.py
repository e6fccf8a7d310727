"""The Deployment controller: keeps so many pods of the present template. Pure."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from segue_operator.api.objects import Key, Manifest
from segue_operator.local.workloads.pods import (
    Condition,
    Outcome,
    is_finished,
    is_ready,
    is_terminating,
    pod_of,
    template_hash,
    with_condition,
)

TEMPLATE_HASH = "pod-template-hash"


def reconcile_deployment(deployment: Manifest, pods: Sequence[Manifest], now: datetime) -> Outcome:
    """One step: pods of an old template end, missing ones are made, surplus ones go, the not ready first.

    Parameters
    ----------
    deployment
        The Deployment.
    pods
        All pods that it controls.
    now
        The time, with time zone.
    """
    spec = deployment["spec"]
    replicas = int(spec.get("replicas", 1))
    revision = template_hash(spec["template"])
    alive = [pod for pod in pods if not is_terminating(pod)]
    ended = [pod for pod in alive if is_finished(pod)]
    running = [pod for pod in alive if not is_finished(pod)]
    present = [pod for pod in running if pod["metadata"]["labels"].get(TEMPLATE_HASH) == revision]
    outdated = [pod for pod in running if pod not in present]
    present.sort(key=lambda pod: (not is_ready(pod), pod["metadata"]["creationTimestamp"], pod["metadata"]["name"]))
    surplus = present[replicas:]
    if sum(is_ready(pod) for pod in present) < replicas:
        outdated = []  # as with maxUnavailable 0: they go once their successors are ready
    create = []
    for _ in range(max(0, replicas - len(present))):
        pod = pod_of(deployment, spec["template"], labels={TEMPLATE_HASH: revision})
        pod["metadata"]["generateName"] = f"{Key.of(deployment).name}-{revision}-"
        create.append(pod)
    status = _status(deployment, present[:replicas], len(create), now)
    return Outcome(
        status=None if status == (deployment.get("status") or {}) else status,
        create=tuple(create),
        delete=tuple(Key.of(pod) for pod in (*ended, *outdated, *surplus)),
    )


def _status(deployment: Manifest, present: Sequence[Manifest], created: int, now: datetime) -> dict[str, Any]:
    replicas = int(deployment["spec"].get("replicas", 1))
    ready = sum(is_ready(pod) for pod in present)
    status = copy.deepcopy(deployment.get("status") or {})
    status |= {
        "observedGeneration": deployment["metadata"]["generation"],
        "replicas": len(present) + created,
        "updatedReplicas": len(present) + created,
        "readyReplicas": ready,
        "availableReplicas": ready,
        "unavailableReplicas": max(0, replicas - ready),
    }
    if ready >= replicas:
        wanted = [
            Condition("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability."),
            Condition("Progressing", "True", "NewReplicaSetAvailable", "All pods are of the present template."),
        ]
    else:
        message = "Deployment does not have minimum availability."
        wanted = [
            Condition("Available", "False", "MinimumReplicasUnavailable", message),
            Condition("Progressing", "True", "ReplicaSetUpdated", "Pods are being started."),
        ]
    for condition in wanted:
        status["conditions"] = with_condition(status.get("conditions") or [], condition, now)
    return status
