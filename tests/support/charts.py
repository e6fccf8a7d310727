"""Charts rendered by Helm's own engine, without a cluster, and what tests ask of the result."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from helm_python import Chart

from support.chart_values import MATRIX, SEGUE, Values

Manifest = dict[str, Any]

RELEASE, NAMESPACE = "segue", "music"
CORE = (
    "v1", "apps/v1", "autoscaling/v2", "batch/v1", "policy/v1", "networking.k8s.io/v1", "rbac.authorization.k8s.io/v1",
    "scheduling.k8s.io/v1",
)  # fmt: skip
"""Versions of what every cluster has."""


Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


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
            for document in yaml.load_all(text, Loader=Loader)
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
    deployments = of_kind(manifests, "Deployment")
    (operator,) = (one for name, one in deployments.items() if name.endswith("-operator"))
    (container,) = operator["spec"]["template"]["spec"]["containers"]
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


def serving(objects: list[Manifest]) -> dict[str, tuple[Mapping[str, str], Manifest]]:
    """The same of the service's pods and of the operator's, which the chart makes itself."""
    made = {}
    for name, deployment in of_kind(objects, "Deployment").items():
        template = deployment["spec"]["template"]
        made[name.rpartition("-")[2]] = (template["metadata"]["labels"], template["spec"])
    return made
