"""A child configuration for tests, and models of the small manifests."""

from __future__ import annotations

from typing import Any

from segue_operator.children.config import ChildConfig, KafkaAccess, KafkaUser, SecretKey
from segue_operator.kinds.manifests import validate
from segue_operator.kinds.trackbatch import TrackBatch
from segue_operator.kinds.trainingrun import TrainingRun
from support.manifests import track_batch, training_run

PLAIN = ChildConfig(kafka=KafkaAccess(bootstrap="kafka:9092"))
SECURED = ChildConfig(
    kafka=KafkaAccess(
        bootstrap="kafka:9093",
        security_protocol="SASL_SSL",
        sasl_mechanism="SCRAM-SHA-512",
        user=KafkaUser("segue", SecretKey("segue-kafka", "password")),
        ca_certificate=SecretKey("cluster-ca-cert", "ca.crt"),
    ),
    topic_prefix="music",
    topic_partitions=8,
)
OVERRIDES: dict[str, Any] = {
    "resources": {"requests": {"cpu": 4}, "limits": {"memory": "8Gi"}},
    "nodeSelector": {"disk": "fast"},
    "tolerations": [{"key": "music", "operator": "Exists", "effect": "NoSchedule"}],
    "affinity": {"nodeAffinity": {"weight": 1}},
    "env": [
        {"name": "SEGUE_LOG_FORMAT", "value": "text"},
        {"name": "SEGUE_WORKERS", "value": "4"},
        {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "tokens", "key": "music"}}},
    ],
    "envFrom": [{"configMapRef": {"name": "proxies"}}],
    "imagePullSecrets": [{"name": "registry"}],
    "serviceAccountName": "musician",
    "priorityClassName": "low",
    "labels": {"team": "music"},
    "annotations": {"sidecar.istio.io/inject": "false"},
}


def batch_model(name: str = "songs", **spec: Any) -> TrackBatch:
    model = validate(track_batch(name, **spec))
    assert isinstance(model, TrackBatch)
    return model


def run_model(name: str = "weekly", **spec: Any) -> TrainingRun:
    model = validate(training_run(name, **spec))
    assert isinstance(model, TrainingRun)
    return model
