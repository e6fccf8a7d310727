"""Golden files: what the charts make of default and development values; ``--update-golden`` writes them anew."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from support.charts import SEGUE, STACK, Values, render, render_files, with_dependencies

GOLDEN = Path(__file__).with_name("golden")
DEVELOPMENT = yaml.safe_load((STACK / "values-development.yaml").read_text("utf-8"))
NO_OTHERS: Mapping[str, Values] = {
    name: {"enabled": False} for name in ("strimzi-kafka-operator", "spark-operator", "mongodb-kubernetes")
}
RANDOM = "made at the first installation"


def segue(values: Values, _: Path) -> list[object]:
    # The definitions are compared with their source elsewhere.
    return list(render({**values, "crds": {"enabled": False}}))


def stack(values: Values, folder: Path) -> list[object]:
    chart = with_dependencies(STACK, folder, ["segue"])
    documents = [document for path, document in render_files({**values, **NO_OTHERS}, chart) if "/charts/" not in path]
    for document in documents:
        if document["kind"] == "Secret" and "data" in document:
            document["data"] = {"password": RANDOM}
    return documents


@pytest.mark.parametrize(
    ("name", "make", "values"),
    [
        ("segue-defaults", segue, {}),
        ("segue-development", segue, DEVELOPMENT["segue"]),
        ("stack-defaults", stack, {}),
        ("stack-development", stack, DEVELOPMENT),
    ],
)
def test_objects_are_as_reviewed(name, make, values, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    documents, path = make(values, tmp_path), GOLDEN / f"{name}.yaml"
    if request.config.getoption("--update-golden"):
        path.write_text(yaml.safe_dump_all(documents, sort_keys=False, width=120), encoding="utf-8")
    assert list(yaml.safe_load_all(path.read_text("utf-8"))) == documents


def test_charts_have_the_version_of_the_programs() -> None:
    chart = yaml.safe_load((SEGUE / "Chart.yaml").read_text("utf-8"))
    for house in ("operator", "jobs"):
        text = (SEGUE.parents[1] / house / "pyproject.toml").read_text("utf-8")
        assert f'version = "{chart["appVersion"]}"' in text
