"""The charts, and the values that tests render them with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

Values = Mapping[str, Any]
REPOSITORY = Path(__file__).resolve().parents[2]
CHARTS = REPOSITORY / "charts"
SEGUE, STACK = CHARTS / "segue", CHARTS / "segue-stack"

EXTERNAL_KAFKA = {"mode": "external", "bootstrap": "kafka.example.org:9093"}
MATRIX: Mapping[str, Values] = {
    "defaults": {},
    "plaintext": {"kafka": {"securityProtocol": "PLAINTEXT"}},
    "external-plaintext": {"kafka": {**EXTERNAL_KAFKA, "securityProtocol": "PLAINTEXT"}},
    "external-tls": {"kafka": {**EXTERNAL_KAFKA, "securityProtocol": "SSL", "ca": {"secret": "brokers"}}},
    "external-scram": {"kafka": {**EXTERNAL_KAFKA, "credentials": {"username": "segue", "secret": "kafka"}}},
    "strimzi-own-user": {"kafka": {"credentials": {"username": "segue", "secret": "kafka"}}},
    "cluster": {"scope": "Cluster"},
    "namespaces": {"watchNamespaces": ["jazz", "folk"]},
    "cluster-namespaces": {"scope": "Cluster", "watchNamespaces": ["jazz"]},
    "monitored": {
        "monitoring": {
            "podMonitors": {"enabled": True, "labels": {"release": "kps"}},
            "rules": {"enabled": True, "labels": {"release": "kps"}, "alertLabels": {"team": "music"}},
            "dashboards": {"enabled": True},
        }
    },
    "monitored-cluster": {"scope": "Cluster", "monitoring": {"podMonitors": {"enabled": True}}},
    "everything-off": {
        "crds": {"enabled": False},
        "rbac": {"create": False},
        "serviceAccounts": {"create": False},
        "networkPolicies": {"enabled": False},
        "podDisruptionBudgets": {"sink": False, "api": False},
        "kafka": {"topics": {"create": False}},
    },
    "everything-on": {
        "commonLabels": {"team": "music"},
        "watchNamespaces": ["jazz"],
        "images": {"registry": "registry.example.org/music", "tag": "1.2.3", "pullSecrets": ["registry"]},
        "operator": {
            "podAnnotations": {"a": "b"},
            "podLabels": {"c": "d"},
            "extraEnv": [{"name": "HTTPS_PROXY", "value": "http://proxy"}],
            "nodeSelector": {"kubernetes.io/os": "linux"},
            "tolerations": [{"key": "dedicated", "operator": "Exists"}],
            "affinity": {"podAntiAffinity": {}},
            "priorityClassName": "high",
        },
        "api": {
            "catalogues": ["rock", "jazz"],
            "mongodbSecret": "reader",
            "keys": {"secret": "keys"},
            "audio": {"volumes": [{"catalogue": "rock", "claim": "rock"}]},
            "autoscaling": {"enabled": True},
            "ingress": {"enabled": True, "className": "nginx", "host": "music.example.org", "tlsSecret": "certificate"},
            "httpRoute": {"enabled": True, "parentRefs": [{"name": "gateway"}], "hostnames": ["music.example.org"]},
            "extraEnv": [{"name": "TZ", "value": "UTC"}],
            "tolerations": [{"key": "dedicated", "operator": "Exists"}],
        },
        "events": {
            "extraEnv": [{"name": "TZ", "value": "UTC"}],
            "tolerations": [{"key": "dedicated", "operator": "Exists"}],
        },
        "serviceAccounts": {"annotations": {"e": "f"}},
        "kafka": {"topics": {"replicas": 3, "config": {"compression.type": "lz4"}}},
        "podDisruptionBudgets": {"trainingDriver": True},
        "networkPolicies": {
            "dns": {
                "to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}],
                "ports": [53, 5353],
            },
            "kafka": {"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]},
            "mongodb": {"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]},
            "metrics": {"from": [{"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}]},
        },
        "monitoring": {
            "podMonitors": {"enabled": True},
            "rules": {"enabled": True},
            "dashboards": {"enabled": True},
        },
    },
}
"""Values of chart segue by what they stand for."""


STACK_MATRIX: Mapping[str, Values] = {
    "defaults": {},
    "development": yaml.safe_load((STACK / "values-development.yaml").read_text("utf-8")),
    "external": {
        "mongodb": {"mode": "external"},
        "segue": {
            "kafka": {"mode": "external", "bootstrap": "kafka:9092", "securityProtocol": "PLAINTEXT"},
            "mongodb": {"secret": "mine", "key": "uri"},
        },
    },
    "monitored": {"kafka": {"metrics": {"podMonitor": {"enabled": True, "labels": {"release": "kps"}}}}},
    "two-namespaces": {"segue": {"watchNamespaces": ["jazz"]}},
    "cluster": {"segue": {"scope": "Cluster"}},
    "own-kafka": {"kafka": {"create": False}},
    "own-password": {"mongodb": {"mck": {"passwordSecret": "mine"}, "storage": {"class": "fast"}}},
}
"""The same of chart segue-stack."""


WITHOUT_OTHERS: Values = {
    name: {"enabled": False} for name in ("strimzi-kafka-operator", "spark-operator", "mongodb-kubernetes")
}
"""Values that leave the charts of other projects out of the stack."""
