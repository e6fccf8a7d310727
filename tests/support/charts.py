"""Charts rendered by Helm's own engine, without a cluster, and what tests ask of the result."""

from __future__ import annotations

import atexit
import functools
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from helm_python import Chart

Manifest = dict[str, Any]
Values = Mapping[str, Any]

REPOSITORY = Path(__file__).resolve().parents[2]
CHARTS = REPOSITORY / "charts"
SEGUE, STACK = CHARTS / "segue", CHARTS / "segue-stack"
SHARED = REPOSITORY.parent / "shared"
RELEASE, NAMESPACE = "segue", "music"

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
        "podDisruptionBudgets": {"sink": False},
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


_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@functools.cache
def _load(chart: Path) -> Chart:
    return Chart.load(chart)


@functools.cache
def _render(chart: Path, values: str, release: str) -> str:
    """Path and object of everything rendered, as JSON: each caller gets objects of its own."""
    files = _load(chart).render(json.loads(values), name=release, namespace=NAMESPACE)
    return json.dumps(
        [
            (path, document)
            for path, text in sorted(files.items())
            if path.endswith((".yaml", ".yml"))
            for document in yaml.load_all(text, Loader=_Loader)
            if document
        ]
    )


def render(values: Values | None = None, chart: Path = SEGUE, release: str = RELEASE) -> list[Manifest]:
    """All objects of a release in the namespace ``music``."""
    return [document for _, document in render_files(values, chart, release)]


def render_files(
    values: Values | None = None, chart: Path = SEGUE, release: str = RELEASE
) -> Iterator[tuple[str, Manifest]]:
    """All objects with the template that each is from, in a fixed order."""
    yield from json.loads(_render(chart, json.dumps(values or {}), release))


def every_object() -> list[Manifest]:
    """All objects that the matrix makes, each once."""
    texts = {json.dumps(manifest) for values in MATRIX.values() for manifest in render(values)}
    return [json.loads(text) for text in sorted(texts)]


def notes(values: Values | None = None, chart: Path = SEGUE) -> str:
    """What Helm prints after an installation."""
    files = _load(chart).render(dict(values or {}), name=RELEASE, namespace=NAMESPACE)
    return files[f"{chart.name}/templates/NOTES.txt"]


def of_kind(manifests: Iterable[Manifest], kind: str) -> dict[str, Manifest]:
    """Objects of a kind by name; fails if two have one name."""
    found: dict[str, Manifest] = {}
    for manifest in manifests:
        if manifest["kind"] == kind:
            name = manifest["metadata"]["name"]
            assert name not in found, f"two {kind}s are named {name}"
            found[name] = manifest
    return found


def identity(manifest: Manifest) -> tuple[str, str, str, str]:
    """What no two objects may share."""
    metadata = manifest["metadata"]
    return manifest["apiVersion"], manifest["kind"], metadata.get("namespace", ""), metadata["name"]


def pod_templates(manifests: Iterable[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """Pod templates of the workloads, each with a name for messages."""
    for manifest in manifests:
        if manifest["kind"] in ("Deployment", "StatefulSet", "DaemonSet", "Job"):
            yield f"{manifest['kind']} {manifest['metadata']['name']}", manifest["spec"]["template"]


def environment(manifests: Iterable[Manifest]) -> dict[str, str]:
    """The operator's environment as rendered."""
    (container,) = of_kind(manifests, "Deployment")["segue-operator"]["spec"]["template"]["spec"]["containers"]
    return {variable["name"]: variable["value"] for variable in container["env"]}


def selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a label selector fits labels, as Kubernetes has it."""
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    for expression in selector.get("matchExpressions") or ():
        assert expression["operator"] == "In", expression
        if labels.get(expression["key"]) not in expression["values"]:
            return False
    return True


def crd_schemas(paths: Sequence[Path]) -> dict[tuple[str, str], Manifest]:
    """Schemas of custom resources by apiVersion and kind, with unknown fields refused."""
    schemas = {}
    for path in paths:
        for crd in yaml.load_all(path.read_text(encoding="utf-8"), Loader=_Loader):
            if crd and crd["kind"] == "CustomResourceDefinition":
                for version in crd["spec"]["versions"]:
                    schema = _closed(version["schema"]["openAPIV3Schema"])
                    schema["properties"] |= {"apiVersion": {}, "kind": {}, "metadata": {"type": "object"}}
                    schemas[f"{crd['spec']['group']}/{version['name']}", crd["spec"]["names"]["kind"]] = schema
    return schemas


def _closed(schema: Any) -> Any:
    """A structural schema as JSON schema: what it does not name is refused, unless it says otherwise."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    closed = {}
    for key, value in schema.items():
        if key in ("oneOf", "anyOf", "allOf", "not"):
            closed[key] = value  # conditions on what the structure beside them names
        elif key == "properties":
            closed[key] = {name: _closed(one) for name, one in value.items()}
        else:
            closed[key] = _closed(value)
    is_open = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
    if "properties" in schema and not is_open:
        closed["additionalProperties"] = False
    return closed


def check_custom(manifest: Manifest, schemas: Mapping[tuple[str, str], Manifest]) -> bool:
    """Hold a custom resource against its schema; False if there is none."""
    schema = schemas.get((manifest["apiVersion"], manifest["kind"]))
    if schema is None:
        return False
    jsonschema.Draft7Validator(schema).validate(manifest)
    return True


def foreign_crds() -> list[Path]:
    """Files of the CustomResourceDefinitions of other projects that are on this machine."""
    charts = [_vendored(name) or _shared(name) for name in WITHOUT_OTHERS]
    folders = [SHARED / "crds", *(chart / "crds" for chart in charts if chart)]
    return [path for folder in folders for path in sorted(folder.glob("*.yaml"))]


def dependency(name: str) -> Path:
    """Folder of another project's chart that lies on this machine; skips the test where it does not."""
    path = _vendored(name) or _shared(name)
    if path is None or not (path / "Chart.yaml").is_file():
        pytest.skip(f"the chart {name} is not on this machine; helm dependency update charts/segue-stack brings it")
    return path


@functools.cache
def _vendored(name: str) -> Path | None:
    """What ``helm dependency update`` has put into the stack, unpacked."""
    archives = sorted((STACK / "charts").glob(f"{name}-*.tgz"))
    if not archives:
        return None
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    subprocess.run(["tar", "-xzf", archives[-1], "-C", folder], check=True)
    return folder / name


def _shared(name: str) -> Path | None:
    if name == "strimzi-kafka-operator":
        return SHARED / "strimzi" / "chart"
    return _spark_chart() if name == "spark-operator" else None


@functools.cache
def _spark_chart() -> Path | None:
    module = SHARED / "devcluster" / "modules" / "spark-operator"
    go = shutil.which("go")
    if go is None or not module.is_dir():
        return None
    command = [go, "list", "-m", "-f", "{{.Dir}}", "github.com/kubeflow/spark-operator/v2"]
    offline = {**os.environ, "GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOTOOLCHAIN": "local"}
    listed = subprocess.run(command, cwd=module, env=offline, capture_output=True, text=True, check=False, timeout=60)
    folder = listed.stdout.strip()
    return Path(folder) / "charts" / "spark-operator-chart" if folder else None


def with_dependencies(chart: Path, folder: Path, names: Sequence[str]) -> Path:
    """Copy of a chart with these dependencies vendored, and no others that may lie in the checkout."""
    copy = folder / chart.name
    shutil.copytree(chart, copy, ignore=shutil.ignore_patterns("charts", "Chart.lock"))
    for name in names:
        source = SEGUE if name == "segue" else dependency(name)
        shutil.copytree(source, copy / "charts" / name, copy_function=shutil.copyfile)
    return copy
