"""Alerts: rules that Prometheus takes, about metrics that exist, each with a way out."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from support.chart_values import MATRIX, SEGUE
from support.charts import Manifest, of_kind, render
from support.metrics import SCRAPED, own_metrics
from support.prometheus import find_program
from support.promql import parse, problems, selectors

FILE = SEGUE / "files" / "alerts.yaml"
ALERTS: dict[str, Manifest] = {
    rule["alert"]: rule for group in yaml.safe_load(FILE.read_text("utf-8"))["groups"] for rule in group["rules"]
}
SCENARIOS = Path(__file__).with_name("alert_scenarios.yaml")
EACH = pytest.mark.parametrize("alert", ALERTS)
HUMAN = re.compile(r"\{\{ \$(?:labels\.(\w+)|value(?: \| \w+)?) \}\}")


def rendered(values: Manifest | None = None) -> dict[str, Manifest]:
    rule = of_kind(render({**MATRIX["monitored"], **(values or {})}), "PrometheusRule")["segue"]
    return {alert["alert"]: alert for group in rule["spec"]["groups"] for alert in group["rules"]}


def test_no_two_alerts_share_a_name() -> None:
    assert len(ALERTS) == FILE.read_text("utf-8").count("- alert:")


@EACH
def test_it_asks_for_metrics_and_labels_that_exist(alert: str) -> None:
    assert problems(ALERTS[alert]["expr"], own_metrics(), SCRAPED) == []


@EACH
def test_it_says_how_bad_it_is_and_what_it_means(alert: str) -> None:
    rule = ALERTS[alert]
    assert rule["labels"]["severity"] in ("critical", "warning", "info")
    assert set(rule["annotations"]) == {"summary", "description"}
    assert all(text.strip().endswith(".") or "{{" in text for text in rule["annotations"].values())


@EACH
def test_its_words_use_labels_that_its_result_has(alert: str) -> None:
    rule = ALERTS[alert]
    kept = {label for group in re.findall(r"\bby \(([^)]*)\)", rule["expr"]) for label in group.split(", ")}
    for text in rule["annotations"].values():
        assert text.count("{{") == len(HUMAN.findall(text)), text
        assert {label for label in HUMAN.findall(text) if label} <= kept, text


@EACH
def test_its_runbook_has_a_section_for_it(alert: str, repository: Path) -> None:
    path, _, anchor = rendered()[alert]["annotations"]["runbook_url"].partition("#")
    headings = re.findall(r"^#+ (.+)$", (repository / path).read_text("utf-8"), re.MULTILINE)
    assert anchor in {heading.lower() for heading in headings}


def test_every_runbook_is_an_alerts(repository: Path) -> None:
    text = (repository / "docs" / "runbooks.md").read_text("utf-8")
    assert set(re.findall(r"^### (\w+)$", text, re.MULTILINE)) == set(ALERTS)


def test_alerts_of_every_program_exist() -> None:
    asked = {name.split("_")[1] for rule in ALERTS.values() for name, _ in selectors(parse(rule["expr"]))}
    assert asked == {"operator", "extract", "sink", "api"}


def test_labels_and_runbooks_are_the_users_to_choose() -> None:
    alerts = rendered(
        {"monitoring": {"rules": {"enabled": True, "alertLabels": {"team": "music"}, "runbooks": "https://x/y"}}}
    )
    assert {alert["labels"]["team"] for alert in alerts.values()} == {"music"}
    assert alerts["SegueSinkStalled"]["labels"]["severity"] == "critical"
    assert alerts["SegueSinkStalled"]["annotations"]["runbook_url"] == "https://x/y#seguesinkstalled"


def test_an_alert_can_be_left_out() -> None:
    alerts = rendered({"monitoring": {"rules": {"enabled": True, "disabled": ["SegueModelNotPromoted"]}}})
    assert set(alerts) == set(ALERTS) - {"SegueModelNotPromoted"}


@EACH
def test_scenarios_show_when_it_fires_and_when_not(alert: str) -> None:
    scenarios = yaml.safe_load(SCENARIOS.read_text("utf-8"))["tests"]
    seen = {
        (expected["alertname"], bool(expected["exp_alerts"]))
        for scenario in scenarios
        for expected in scenario["alert_rule_test"]
    }
    assert {(alert, True), (alert, False)} <= seen


@pytest.fixture(scope="session")
def promtool() -> str:
    """Prometheus' own checker."""
    return find_program("promtool")


def test_prometheus_takes_the_rules(promtool: str, tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    rule = of_kind(render(MATRIX["monitored"]), "PrometheusRule")["segue"]
    path.write_text(yaml.safe_dump(rule["spec"]), encoding="utf-8")
    done = subprocess.run(
        [promtool, "check", "rules", "--lint=all", "--lint-fatal", path], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_alerts_fire_when_they_should(promtool: str) -> None:
    """Prometheus' own engine on made-up series: the scenarios say when which alert fires."""
    command = [promtool, "test", "rules", SCENARIOS.name]
    done = subprocess.run(command, cwd=SCENARIOS.parent, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
