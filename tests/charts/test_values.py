"""Values: every one described, checked by the schema, and refused where it is misspelt."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from helm_python import HelmRenderError, HelmValuesError

from support.chart_values import CHARTS, MATRIX, SEGUE, STACK
from support.charts import render, render_files
from support.other_charts import with_dependencies

BOTH = pytest.mark.parametrize("chart", [SEGUE, STACK], ids=lambda chart: chart.name)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"kafak": {}}, "additional properties 'kafak' not allowed"),
        ({"kafka": {"strimzi": {"clutser": "x"}}}, "at '/kafka/strimzi': additional properties 'clutser' not allowed"),
        (
            {"operator": {"resources": {"limit": {}}}},
            "at '/operator/resources': additional properties 'limit' not allowed",
        ),
        ({"kafka": {"mode": "confluent"}}, "at '/kafka/mode': value must be one of 'strimzi', 'external'"),
        (
            {"kafka": {"securityProtocol": "SSL"}},
            "at '/kafka/securityProtocol': value must be one of 'SASL_SSL', 'PLAINTEXT'",
        ),
        ({"kafka": {"bootstrap": "kafka"}}, "at '/kafka/bootstrap'"),
        ({"kafka": {"topics": {"partitions": 0}}}, "at '/kafka/topics/partitions': minimum: got 0, want 1"),
        ({"kafka": {"topics": {"prefix": "My_Topics"}}}, "at '/kafka/topics/prefix'"),
        ({"scope": "cluster"}, "at '/scope': value must be one of 'Namespaced', 'Cluster'"),
        ({"images": {"operator": "op:1:2"}}, "at '/images/operator'"),
        ({"images": {"pullPolicy": "Sometimes"}}, "at '/images/pullPolicy'"),
        (
            {"monitoring": {"podMonitors": {"interval": 30}}},
            "at '/monitoring/podMonitors/interval': got number, want string",
        ),
        ({"operator": {"userId": 0}}, "at '/operator/userId'"),
        ({"commonLabels": {"app.kubernetes.io/name": "x"}}, "at '/commonLabels/app.kubernetes.io~1name'"),
        (
            {"operator": {"podLabels": {"app.kubernetes.io/component": "x"}}},
            "at '/operator/podLabels/app.kubernetes.io~1component'",
        ),
    ],
)
def test_a_wrong_value_is_refused_with_its_path(values: Mapping[str, Any], words: str) -> None:
    with pytest.raises(HelmValuesError) as error:
        render(values)
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"kafka": {"mode": "external"}}, "kafka.bootstrap is empty: with kafka.mode=external, name the brokers"),
        ({"kafka": {"mode": "external", "bootstrap": "a:1"}}, "kafka.credentials.username is empty"),
        (
            {"kafka": {"mode": "external", "bootstrap": "a:1", "credentials": {"username": "u"}}},
            "kafka.credentials.secret is empty",
        ),
    ],
)
def test_a_missing_value_is_named_with_what_needs_it(values: Mapping[str, Any], words: str) -> None:
    with pytest.raises(HelmRenderError) as error:
        render(values)
    assert words in str(error.value)


def paths(schema: Mapping[str, Any], root: Mapping[str, Any], at: str = "") -> Iterator[str]:
    """Paths of all values that a schema names; below free-form objects there are none."""
    schema = root["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    names = schema.get("properties")
    if not names or {"requests", "limits"} == set(names):
        yield at
        return
    for name, part in names.items():
        yield from paths(part, root, f"{at}.{name}".lstrip("."))


def leaves(values: Any, known: set[str], at: str = "") -> Iterator[str]:
    if at in known or not isinstance(values, dict):
        yield at
        return
    for name, value in values.items():
        yield from leaves(value, known, f"{at}.{name}".lstrip("."))


@BOTH
def test_schema_and_values_name_the_same(chart: Path) -> None:
    schema = json.loads((chart / "values.schema.json").read_text("utf-8"))
    known = set(paths(schema, schema)) - {"global"}
    assert set(leaves(yaml.safe_load((chart / "values.yaml").read_text("utf-8")), known)) == known


def test_tables_of_values_are_up_to_date() -> None:
    command = [sys.executable, str(CHARTS / "values_table.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def merged(values: Any, change: Any) -> Any:
    if isinstance(values, dict) and isinstance(change, dict):
        return {key: merged(values.get(key), change.get(key, values.get(key))) for key in {**values, **change}}
    return change


def at(path: str, value: Any) -> dict[str, Any]:
    for part in reversed(path.split(".")):
        value = {part: value}
    return dict(value)


def lookup(values: Any, path: str) -> Any:
    for part in path.split("."):
        values = values[part]
    return values


OTHER_VALUES: Mapping[str, Any] = {
    "nameOverride": "tune",
    "scope": "Cluster",
    "commonLabels": {"other": "label"},
    "kafka.bootstrap": "brokers:9092",
    "kafka.mode": "external",
    "kafka.securityProtocol": "PLAINTEXT",
    "kafka.saslMechanism": "PLAIN",
    "kafka.topics.replicas": 2,
    "images.pullPolicy": "Always",
    "operator.logLevel": "DEBUG",
    "operator.logFormat": "text",
    "operator.affinity": {"podAffinity": {}},
    "networkPolicies.apiServerPorts": [7443],
    "networkPolicies.kafka.ports": [7443],
    "networkPolicies.mongodb.ports": [7443],
    "networkPolicies.dns.ports": [7443],
    "monitoring.podMonitors.interval": "7s",
    "monitoring.rules.disabled": ["SegueOperatorAbsent"],
    "operator.extraEnv": [],
    "operator.tolerations": [],
    "api.service.type": "NodePort",
    "api.audio.volumes": [],
    "api.extraEnv": [],
    "api.tolerations": [],
    "api.httpRoute.parentRefs": [{"name": "other"}],
    "events.extraEnv": [],
    "events.tolerations": [],
    "networkPolicies.api.from": [{"podSelector": {}}],
}
NEEDS: Mapping[str, Any] = {
    "fullnameOverride": {},
    "api.replicas": {"api": {"autoscaling": {"enabled": False}}},
    "kafka.mode": {"kafka": {"bootstrap": "b:1", "credentials": {"username": "u", "secret": "s"}}},
    "kafka.credentials.secret": {"kafka": {"credentials": {"username": "u", "secret": "s"}}},
    "kafka.credentials.username": {"kafka": {"credentials": {"secret": "s"}}},
    "kafka.strimzi.ports.PLAINTEXT": {"kafka": {"securityProtocol": "PLAINTEXT"}},
}
"""Values without which another one has nothing to say."""


def another(path: str, value: Any) -> Any:
    """Some other value of the same type."""
    if path in OTHER_VALUES:
        return OTHER_VALUES[path]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return f"{value}x"
    if isinstance(value, list):
        return [] if value else ["other"]
    if set(value) == {"requests", "limits"}:
        return {"requests": {"cpu": "7"}}
    return {"other": "value"}


def every_path() -> list[str]:
    schema = json.loads((SEGUE / "values.schema.json").read_text("utf-8"))
    return sorted(set(paths(schema, schema)) - {"global"})


@pytest.mark.parametrize("path", every_path())
def test_every_value_does_something(path: str) -> None:
    defaults = yaml.safe_load((SEGUE / "values.yaml").read_text("utf-8"))
    base = merged(merged(defaults, MATRIX["everything-on"]), NEEDS.get(path, {}))
    changed = merged(base, at(path, another(path, lookup(base, path))))
    assert render(changed) != render(base)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return with_dependencies(STACK, tmp_path_factory.mktemp("stack"), ["segue"])


OTHERS = {name: {"enabled": False} for name in ("strimzi-kafka-operator", "spark-operator", "mongodb-kubernetes")}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"mongodb": {"mod": "x"}}, "at '/mongodb': additional properties 'mod' not allowed"),
        ({"mongodb": {"mode": "atlas"}}, "at '/mongodb/mode': value must be one of 'mck', 'embedded', 'external'"),
        ({"mongodb": {"embedded": {"image": "mongo:latest"}}}, "at '/mongodb/embedded/image'"),
        ({"kafka": {"replicas": 0}}, "at '/kafka/replicas'"),
        ({"segue": {"scop": "x"}}, "additional properties 'scop' not allowed"),
    ],
)
def test_the_stack_refuses_wrong_values_too(stack: Path, values: Mapping[str, Any], words: str) -> None:
    with pytest.raises(HelmValuesError) as error:
        list(render_files({**OTHERS, **values}, stack))
    assert words in str(error.value)


def test_the_stack_says_when_the_two_charts_would_not_meet(stack: Path) -> None:
    with pytest.raises(HelmRenderError) as error:
        list(render_files({**OTHERS, "segue": {"mongodb": {"key": "uri"}}}, stack))
    assert "MongoDB's operator writes the URI to the key connectionString.standard" in str(error.value)


def test_the_matrix_covers_every_mode() -> None:
    schema = json.loads((SEGUE / "values.schema.json").read_text("utf-8"))["properties"]
    protocols = {values.get("kafka", {}).get("securityProtocol", "SASL_SSL") for values in MATRIX.values()}
    assert protocols >= set(schema["kafka"]["properties"]["securityProtocol"]["enum"]) - {"SASL_PLAINTEXT"}
    assert {values.get("scope", "Namespaced") for values in MATRIX.values()} == set(schema["scope"]["enum"])
