"""The Deployment that writes a batch's records to MongoDB."""

from __future__ import annotations

import hashlib
import json

from segue_jobs.contract import LIVE_PATH, READY_PATH, SinkArguments
from segue_operator.api.constants import Annotation, Component
from segue_operator.api.objects import API_VERSIONS, Kind, Manifest
from segue_operator.api.trackbatch import TrackBatch
from segue_operator.children.config import ChildConfig
from segue_operator.children.metadata import labels, metadata, parent_labels
from segue_operator.children.naming import child_name
from segue_operator.children.pod import pod_spec
from segue_operator.children.pod_overrides import override_pod


def digest(manifest: Manifest) -> str:
    """Digest of a manifest: equal manifests need no second apply."""
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()[:16]


def build_sink_deployment(batch: TrackBatch, config: ChildConfig) -> Manifest:
    """Sink Deployment of a batch; none of its pods run while the batch is suspended."""
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
        "apiVersion": API_VERSIONS[Kind.DEPLOYMENT],
        "kind": str(Kind.DEPLOYMENT),
        "metadata": metadata(batch, child_name(batch.metadata.name, Component.SINK), Component.SINK),
        "spec": {
            "replicas": 0 if batch.spec.suspend else batch.spec.sink.replicas,
            "selector": {"matchLabels": {"segue.dev/component": str(Component.SINK), **parent_labels(batch)}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "template": override_pod(template, batch.spec.pod_overrides),
        },
    }
    manifest["metadata"]["annotations"] = {str(Annotation.APPLIED): digest(manifest)}
    return manifest
