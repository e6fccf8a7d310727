"""What the charts make is what the API server takes: every field known, every rule of every definition kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from support.chart_values import MATRIX, STACK, STACK_MATRIX, WITHOUT_OTHERS, Values
from support.charts import Manifest, render
from support.kubectl import Kubectl, KubectlError
from support.other_charts import foreign_crds, undefined, with_dependencies

pytestmark = pytest.mark.cluster

NAMESPACE = "segue-manifests"


@pytest.fixture(scope="module")
def served(cluster: Kubectl) -> Iterator[Kubectl]:
    """The cluster with the kinds of other projects; those that it did not have are taken away again."""
    wanted = {crd["metadata"]["name"]: crd for path in foreign_crds() for crd in _definitions(path)}
    missing = {name: crd for name, crd in wanted.items() if cluster.get("customresourcedefinition", name) is None}
    cluster.delete("namespace", NAMESPACE)
    cluster.run("create", "namespace", NAMESPACE)
    try:
        if missing:
            crds = yaml.safe_dump_all(missing.values())
            cluster.run("apply", "--server-side", "--filename=-", stdin=crds)
            cluster.run(
                "wait", "--for=condition=Established", *(f"customresourcedefinition/{name}" for name in missing)
            )
        yield cluster.within(NAMESPACE)
    finally:
        cluster.run("delete", "namespace", NAMESPACE, "--wait=false")
        if missing:
            cluster.run("delete", "customresourcedefinition", *missing)


def _definitions(path: Path) -> list[Manifest]:
    documents = yaml.load_all(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
    return [one for one in documents if one and one["kind"] == "CustomResourceDefinition"]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stack's chart with Segue's in it."""
    return with_dependencies(STACK, tmp_path_factory.mktemp("stack"), ["segue"])


def check(kubectl: Kubectl, objects: list[Manifest]) -> None:
    """A strict dry run of all of them at the server.

    They are put into one namespace that exists, which a dry run cannot make.
    """
    kinds = set(kubectl.run("api-resources", "--no-headers").split())
    undefined({one["kind"] for one in objects} - kinds)
    for one in objects:
        if "namespace" in one["metadata"]:
            one["metadata"]["namespace"] = kubectl.namespace
    arguments = ("apply", "--dry-run=server", "--validate=strict", "--filename=-")
    answers = kubectl.run(*arguments, stdin=yaml.safe_dump_all(objects)).splitlines()
    assert len(answers) == len(objects)
    assert all(answer.endswith("(server dry run)") for answer in answers), answers


@pytest.mark.parametrize("values", MATRIX.values(), ids=MATRIX)
def test_the_server_takes_chart_segue(served: Kubectl, values: Values) -> None:
    check(served, render(values))


@pytest.mark.parametrize("values", STACK_MATRIX.values(), ids=STACK_MATRIX)
def test_the_server_takes_chart_segue_stack(served: Kubectl, stack: Path, values: Values) -> None:
    check(served, render({**values, **WITHOUT_OTHERS}, stack))


@pytest.mark.parametrize("name", WITHOUT_OTHERS)
def test_the_server_takes_what_other_charts_make_of_our_values(served: Kubectl, tmp_path: Path, name: str) -> None:
    chart = with_dependencies(STACK, tmp_path, ["segue", name])
    check(served, render({other: WITHOUT_OTHERS[other] for other in WITHOUT_OTHERS if other != name}, chart))


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("Kafka", {"spec": {"kafka": {"replicaz": 3}}}),
        ("MongoDBCommunity", {"spec": {"members": "three"}}),
        ("StatefulSet", {"spec": {"serviseName": "x"}}),
    ],
)
def test_the_server_would_refuse_what_is_wrong(
    served: Kubectl, stack: Path, kind: str, change: Mapping[str, Manifest]
) -> None:
    values = STACK_MATRIX["development" if kind == "StatefulSet" else "defaults"]
    (wrong,) = (one for one in render({**values, **WITHOUT_OTHERS}, stack) if one["kind"] == kind)
    _merge(wrong, change)
    with pytest.raises(KubectlError, match=r"unknown field|Invalid value|cannot unmarshal"):
        check(served, [wrong])


def _merge(into: Manifest, change: Mapping[str, Manifest]) -> None:
    for key, value in change.items():
        if isinstance(value, dict):
            _merge(into.setdefault(key, {}), value)
        else:
            into[key] = value
