"""Chart segue renders, whatever its values, what an API server accepts."""

from __future__ import annotations

from collections.abc import Mapping

import kubernetes_validate
import pytest
from helm_python import lint

from segue_operator.kinds.constants import GROUP
from support.chart_values import CHARTS, MATRIX, SEGUE
from support.charts import CORE, Manifest, every_object, identity, notes, render
from support.other_charts import undefined
from support.schemas import check_custom

CASES = pytest.mark.parametrize("values", MATRIX.values(), ids=MATRIX)
KUBERNETES = ("1.34", "1.37")


@pytest.mark.parametrize("chart", sorted(path.parent.name for path in CHARTS.glob("*/Chart.yaml")))
def test_helm_finds_no_fault(chart: str) -> None:
    assert lint(CHARTS / chart)["errors"] == []


@CASES
def test_no_object_is_made_twice(values: Mapping[str, object]) -> None:
    identities = [identity(manifest) for manifest in render(values)]
    assert identities
    assert len(set(identities)) == len(identities)


@CASES
def test_every_object_is_labelled(values: Mapping[str, object]) -> None:
    needed = {"helm.sh/chart", "app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component"}
    bare = [identity(manifest) for manifest in render(values) if not needed <= set(manifest["metadata"]["labels"])]
    assert bare == []


@pytest.mark.parametrize("version", KUBERNETES)
def test_kubernetes_knows_every_field(version: str) -> None:
    for manifest in every_object():
        if manifest["apiVersion"] in CORE:
            kubernetes_validate.validate(manifest, version, strict=True)


def test_other_projects_know_every_field(foreign_schemas: Mapping[tuple[str, str], Manifest]) -> None:
    foreign = [one for one in every_object() if one["apiVersion"] not in (*CORE, "apiextensions.k8s.io/v1")]
    assert foreign
    undefined(one["kind"] for one in foreign if not check_custom(one, foreign_schemas))


def test_every_namespaced_object_names_its_namespace() -> None:
    """Objects of other namespaces stand beside them: none may go where kubectl happens to point."""
    cluster_wide = {"ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition"}
    for manifest in render(MATRIX["everything-on"]):
        assert ("namespace" in manifest["metadata"]) == (manifest["kind"] not in cluster_wide), identity(manifest)


def test_names_follow_the_release() -> None:
    names = {manifest["metadata"]["name"] for manifest in render(release="blue") if manifest["kind"] == "Deployment"}
    assert names == {"blue-segue-operator", "blue-segue-api", "blue-segue-events"}


def test_notes_say_what_is_needed() -> None:
    text = notes()
    for words in ("Secret segue-mongodb, key uri", "SCRAM-SHA-512 listener on port 9093", "condition=Succeeded"):
        assert words in text
    assert "Kafka at kafka.example.org:9093" in notes(MATRIX["external-scram"])
    assert "in all namespaces" in notes(MATRIX["cluster"])


def test_definitions_are_those_of_the_operator() -> None:
    copies = {path.name: path.read_text("utf-8") for path in (SEGUE / "files" / "crds").iterdir()}
    source = CHARTS.parent / "operator" / "src" / "segue_operator" / "kinds" / "crds"
    assert copies == {path.name: path.read_text("utf-8") for path in source.glob("*.yaml")}


@pytest.mark.parametrize("keep", [True, False])
def test_definitions_stay_unless_told_otherwise(keep: bool) -> None:
    definitions = [
        manifest
        for manifest in render({"crds": {"keep": keep}, "commonLabels": {"team": "music"}})
        if manifest["kind"] == "CustomResourceDefinition"
    ]
    assert {one["spec"]["group"] for one in definitions} == {GROUP}
    for definition in definitions:
        annotations = definition["metadata"].get("annotations", {})
        assert annotations.get("helm.sh/resource-policy") == ("keep" if keep else None)
        assert definition["metadata"]["labels"]["team"] == "music"
