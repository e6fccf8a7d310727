"""The Deployment that writes the records of a namespace's batches to MongoDB: one for all of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from segue_core.contract import LIVE_PATH, READY_PATH, SinkArguments
from segue_operator.children.config import ChildConfig
from segue_operator.children.metadata import controller_uid, instance_labels, is_ours
from segue_operator.children.override_pod import override_pod
from segue_operator.children.pod import pod_spec
from segue_operator.kinds.constants import PART_OF, Annotation, Component, Label
from segue_operator.kinds.objects import Key, Kind, Manifest, type_meta

SINK_NAME = f"{PART_OF}-{Component.SINK}"
SINK_PODS = {str(Label.COMPONENT): str(Component.SINK), str(Label.APP_INSTANCE): SINK_NAME}
"""Labels by which the sink's pods are found. The pods of sinks that belonged to one batch have another instance."""


def sink_key(namespace: str) -> Key:
    """Key of a namespace's sink."""
    return Key(Kind.DEPLOYMENT, namespace, SINK_NAME)


def is_shared_sink(deployment: Manifest) -> bool:
    """Whether the operator made the Deployment, and not for one batch alone, as earlier versions did."""
    return is_ours(deployment) and controller_uid(deployment) is None


def is_sink_pod(pod: Manifest) -> bool:
    """Whether a pod belongs to the sink of its namespace."""
    return SINK_PODS.items() <= (pod["metadata"].get("labels") or {}).items()


def digest(manifest: Manifest) -> str:
    """Digest of a manifest; an equal one is not applied again."""
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()[:16]


def build_sink_deployment(namespace: str, batches: Sequence[Manifest], replicas: int, config: ChildConfig) -> Manifest:
    """The sink of a namespace.

    Parameters
    ----------
    batches
        The batches that need it. They own it together, so it goes with the last of them, even without an operator.
    replicas
        Number of pods.
    """
    pod = pod_spec(
        config,
        Component.SINK,
        command=SinkArguments.command(),
        arguments=SinkArguments().to_argv(),
        restart_policy="Always",
    )
    pod["containers"][0] |= {
        "readinessProbe": {"httpGet": {"path": READY_PATH, "port": "metrics"}, "periodSeconds": 5},
        "livenessProbe": {
            "httpGet": {"path": LIVE_PATH, "port": "metrics"},
            "periodSeconds": 20,
            "failureThreshold": 6,
        },
    }
    labels = instance_labels(SINK_NAME, Component.SINK)
    manifest: Manifest = {
        **type_meta(Kind.DEPLOYMENT),
        "metadata": {
            "name": SINK_NAME,
            "namespace": namespace,
            "labels": labels,
            "ownerReferences": [_owner(batch) for batch in batches],
        },
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": SINK_PODS},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "template": override_pod({"metadata": {"labels": labels}, "spec": pod}, config.sink_pod_overrides),
        },
    }
    manifest["metadata"]["annotations"] = {str(Annotation.APPLIED): digest(manifest)}
    return manifest


def _owner(batch: Manifest) -> dict[str, Any]:
    metadata = batch["metadata"]
    return {
        "apiVersion": batch["apiVersion"],
        "kind": batch["kind"],
        "name": metadata["name"],
        "uid": metadata["uid"],
    }
