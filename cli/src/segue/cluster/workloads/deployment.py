"""The Deployment controller: keeps so many pods of the present template. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from segue.cluster.pods import is_ready, is_terminating
from segue.cluster.workloads.changes import Changes, changed, pod_of
from segue_operator.kinds.objects import Key, Manifest

TEMPLATE_HASH = "pod-template-hash"


def template_hash(template: Mapping[str, Any]) -> str:
    """Short name of a pod template's content."""
    return hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:10]


def reconcile_deployment(deployment: Manifest, pods: Sequence[Manifest]) -> Changes:
    """One step: make missing pods, end surplus ones (those not ready first), then those of an old template.

    Parameters
    ----------
    deployment
        The Deployment.
    pods
        All pods that it controls. They restart for ever, so none of them is finished.
    """
    template, replicas = deployment["spec"]["template"], int(deployment["spec"]["replicas"])
    revision, name = template_hash(template), Key.of(deployment).name
    alive = [pod for pod in pods if not is_terminating(pod)]
    present = [pod for pod in alive if pod["metadata"]["labels"][TEMPLATE_HASH] == revision]
    present.sort(key=lambda pod: (not is_ready(pod), pod["metadata"]["creationTimestamp"], pod["metadata"]["name"]))
    ready = sum(is_ready(pod) for pod in present[:replicas])
    # As with maxUnavailable 0: pods of an old template go once their successors are ready.
    outdated = [pod for pod in alive if pod not in present] if ready >= replicas else []
    missing = max(0, replicas - len(present))
    status = {
        "observedGeneration": deployment["metadata"]["generation"],
        "replicas": len(present[:replicas]) + missing,
        "readyReplicas": ready,
    }
    return Changes(
        status=changed(status, deployment),
        create=tuple(
            pod_of(deployment, template, {TEMPLATE_HASH: revision}, generateName=f"{name}-{revision}-")
            for _ in range(missing)
        ),
        delete=tuple(Key.of(pod) for pod in (*outdated, *present[replicas:])),
    )
