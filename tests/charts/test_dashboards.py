"""Dashboards: built from code, asking for metrics that exist, laid out without overlaps."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from support.chart_values import CHARTS, MATRIX
from support.charts import of_kind, render
from support.dashboards import DASHBOARDS, panels, queries
from support.metrics import FOREIGN, SCRAPED, own_metrics
from support.other_charts import LOCAL
from support.promql import problems

EACH = pytest.mark.parametrize("name", DASHBOARDS)
MONITORED = frozenset({"segue_dev_trackbatch", "segue_dev_trainingrun"})
"""What PodMonitors take over from the pods' labels."""
BUILT_IN = {"__rate_interval", "__range"}


def test_there_is_one_for_each_part() -> None:
    assert set(DASHBOARDS) == {"ingest", "operator", "serving", "training"}


def test_files_are_what_the_code_builds() -> None:
    command = [sys.executable, str(CHARTS / "dashboards" / "build.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@EACH
def test_queries_ask_for_metrics_and_labels_that_exist(name: str) -> None:
    known = own_metrics() | FOREIGN
    found = {
        f"{title}: {problem}"
        for title, query in queries(name)
        for problem in problems(query, known, SCRAPED | MONITORED)
    }
    assert found == set()


@EACH
def test_legends_name_labels_that_the_query_keeps(name: str) -> None:
    for panel in panels(name):
        for target in panel["targets"]:
            labels = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            kept = {one for group in re.findall(r"\bby \(([^)]*)\)", target["expr"]) for one in group.split(", ")}
            assert labels <= kept, (panel["title"], target["legendFormat"])


@EACH
def test_variables_are_declared_and_used(name: str) -> None:
    declared = {variable["name"] for variable in DASHBOARDS[name]["templating"]["list"]}
    text = json.dumps(DASHBOARDS[name]["panels"]) + json.dumps(DASHBOARDS[name]["templating"])
    used = set(re.findall(r"\$\{?(\w+)", text)) - BUILT_IN - {"__all"}
    assert used == declared


@EACH
def test_every_panel_explains_itself(name: str) -> None:
    titles = [panel["title"] for panel in panels(name)]
    assert len(titles) == len(set(titles))
    for panel in panels(name):
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["fieldConfig"]["defaults"]["thresholds"]["steps"][0]["value"] is None
        assert panel["datasource"]["uid"] == "${datasource}", panel["title"]


@EACH
def test_panels_fit_the_grid_and_do_not_overlap(name: str) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARDS[name]["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
    numbers = [panel["id"] for panel in DASHBOARDS[name]["panels"]]
    assert all(one < next_one for one, next_one in pairwise(numbers))


def test_grafana_gets_each_as_a_file_of_its_own() -> None:
    maps = of_kind(render(MATRIX["monitored"]), "ConfigMap")
    assert set(maps) == {f"segue-dashboard-{name}" for name in DASHBOARDS}
    for name, dashboard in DASHBOARDS.items():
        found = maps[f"segue-dashboard-{name}"]
        assert found["metadata"]["labels"]["grafana_dashboard"] == "1"
        assert json.loads(found["data"][f"segue-{name}.json"]) == dashboard


def test_no_two_dashboards_share_an_id() -> None:
    assert len({dashboard["uid"] for dashboard in DASHBOARDS.values()}) == len(DASHBOARDS)


def test_strimzis_exporter_has_the_metrics_that_are_asked_of_it() -> None:
    source = LOCAL / "strimzi" / "kafka" / "exporter" / "src" / "kafka_exporter.go" if LOCAL else None
    if source is None or not source.is_file():
        pytest.skip("the source of the Kafka exporter is not on this machine: no chart brings it")
    found = {
        "_".join(part for part in ("kafka", *parts) if part)
        for parts in re.findall(r'BuildFQName\(namespace, "(\w*)", "(\w+)"\)', source.read_text("utf-8"))
    }
    assert {name for name in FOREIGN if name.startswith("kafka_")} <= found


def test_spark_has_the_metrics_that_are_asked_of_it() -> None:
    """Names are put together in one class of Spark's core: its constants must hold each of their parts."""
    pyspark = pytest.importorskip("pyspark", reason="pyspark is not installed")
    (jar,) = (Path(pyspark.__file__).parent / "jars").glob("spark-core_2.13-*.jar")
    import zipfile

    with zipfile.ZipFile(jar) as archive:
        constants = archive.read("org/apache/spark/status/api/v1/PrometheusResource.class").decode("latin-1")
    prefix = "metrics_executor_"
    asked = [name.removeprefix(prefix) for name in FOREIGN if name.startswith(prefix)]
    assert asked
    assert [name for name in (prefix, *asked) if name not in constants] == []
