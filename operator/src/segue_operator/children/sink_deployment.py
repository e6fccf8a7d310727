"""The Deployment that writes a batch's records to MongoDB."""

from __future__ import annotations

import hashlib
import json

from segue_core.contract import LIVE_PATH, READY_PATH, SinkArguments
from segue_operator.children.config import ChildConfig
from segue_operator.children.metadata import labels, metadata, parent_labels
from segue_operator.children.naming import child_name
from segue_operator.children.override_pod import override_pod
from segue_operator.children.pod import pod_spec
from segue_operator.kinds.constants import Annotation, Component, Label
from segue_operator.kinds.objects import Kind, Manifest, type_meta
from segue_operator.kinds.trackbatch import TrackBatch


def digest(manifest: Manifest) -> str:
    """Digest of a manifest; an equal one is not applied again."""
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()[:16]


def build_sink_deployment(batch: TrackBatch, config: ChildConfig, *, paused: bool = False) -> Manifest:
    """Sink Deployment of a batch; none of its pods run while the batch is suspended, or paused for another reason."""
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
    template = {"metadata": {"labels": labels(batch, Component.SINK)}, "spec": pod}
    manifest: Manifest = {
        **type_meta(Kind.DEPLOYMENT),
        "metadata": metadata(batch, child_name(batch.metadata.name, Component.SINK), Component.SINK),
        "spec": {
            "replicas": 0 if paused or batch.spec.suspend else batch.spec.sink.replicas,
            "selector": {"matchLabels": {str(Label.COMPONENT): str(Component.SINK), **parent_labels(batch)}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "template": override_pod(template, batch.spec.pod_overrides),
        },
    }
    manifest["metadata"]["annotations"] = {str(Annotation.APPLIED): digest(manifest)}
    return manifest
