"""Chart segue-stack: Kafka, MongoDB and Segue speak of the same things; charts of others take the values given."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from segue_operator.kube.operator_settings import Settings
from support.chart_values import STACK, STACK_MATRIX, WITHOUT_OTHERS
from support.charts import CORE, Manifest, environment, of_kind, render, render_files, selects
from support.other_charts import dependency, undefined, with_dependencies
from support.schemas import check_custom

DEVELOPMENT = STACK_MATRIX["development"]


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return with_dependencies(STACK, tmp_path_factory.mktemp("stack"), ["segue"])


def stack(chart: Path, values: Mapping[str, object]) -> list[Manifest]:
    return render({**values, **WITHOUT_OTHERS}, chart)


@pytest.mark.parametrize("values", STACK_MATRIX.values(), ids=STACK_MATRIX)
def test_every_field_is_known(
    chart: Path, values: Mapping[str, object], foreign_schemas: Mapping[tuple[str, str], Manifest]
) -> None:
    unknown = []
    for manifest in stack(chart, values):
        if manifest["apiVersion"] in CORE:
            kubernetes_validate.validate(manifest, "1.34", strict=True)
        elif manifest["kind"] != "CustomResourceDefinition" and not check_custom(manifest, foreign_schemas):
            unknown.append(manifest["kind"])
    undefined(unknown)


def test_segue_finds_the_kafka_of_the_stack(chart: Path) -> None:
    objects = stack(chart, {})
    (kafka,) = of_kind(objects, "Kafka").values()
    (listener,) = kafka["spec"]["kafka"]["listeners"]
    access = Settings.from_environment(environment(objects)).children.kafka
    name = kafka["metadata"]["name"]
    assert access.bootstrap == f"{name}-kafka-bootstrap.music.svc:{listener['port']}"
    assert (listener["tls"], listener["authentication"]) == (True, {"type": "scram-sha-512"})
    assert kafka["spec"]["kafka"]["authorization"] == {"type": "simple"}
    for kind in ("KafkaNodePool", "KafkaTopic", "KafkaUser"):
        found = of_kind(objects, kind)
        assert found
        assert {one["metadata"]["labels"]["strimzi.io/cluster"] for one in found.values()} == {name}
    assert "userOperator" in kafka["spec"]["entityOperator"]


def test_for_development_nothing_is_secured_and_little_is_asked(chart: Path) -> None:
    objects = stack(chart, DEVELOPMENT)
    (kafka,) = of_kind(objects, "Kafka").values()
    (listener,) = kafka["spec"]["kafka"]["listeners"]
    assert (listener["tls"], listener["port"]) == (False, 9092)
    assert "authorization" not in kafka["spec"]["kafka"]
    assert "userOperator" not in kafka["spec"]["entityOperator"]
    assert of_kind(objects, "KafkaUser") == {}
    assert Settings.from_environment(environment(objects)).children.kafka.user is None


@pytest.mark.parametrize(("brokers", "copies", "acknowledging"), [(1, 1, 1), (2, 2, 1), (3, 3, 2), (5, 3, 2)])
def test_copies_fit_the_brokers(chart: Path, brokers: int, copies: int, acknowledging: int) -> None:
    (kafka,) = of_kind(stack(chart, {"kafka": {"replicas": brokers}}), "Kafka").values()
    config = kafka["spec"]["kafka"]["config"]
    assert config["default.replication.factor"] == config["offsets.topic.replication.factor"] == copies
    assert config["min.insync.replicas"] == config["transaction.state.log.min.isr"] == acknowledging


def test_topics_carry_no_finalizer_unless_asked(chart: Path) -> None:
    """One of Strimzi's would hang once its operator is gone, and its namespace with it."""

    def variable(values: Mapping[str, object]) -> str:
        (kafka,) = of_kind(stack(chart, values), "Kafka").values()
        (one,) = kafka["spec"]["entityOperator"]["template"]["topicOperatorContainer"]["env"]
        assert one["name"] == "STRIMZI_USE_FINALIZERS"
        return str(one["value"])

    assert variable({}) == "false"
    assert variable({"kafka": {"topicFinalizers": True}}) == "true"


def test_only_segue_may_speak_with_kafka(chart: Path) -> None:
    (kafka,) = of_kind(stack(chart, {"segue": {"watchNamespaces": ["jazz"]}}), "Kafka").values()
    (peer,) = kafka["spec"]["kafka"]["listeners"][0]["networkPolicyPeers"]
    for component in ("extract", "sink", "verify", "train"):
        assert selects(peer["podSelector"], {"segue.dev/component": component})
    assert not selects(peer["podSelector"], {"app": "other"})
    for namespace, is_ours in (("music", True), ("jazz", True), ("default", False)):
        assert selects(peer["namespaceSelector"], {"kubernetes.io/metadata.name": namespace}) == is_ours


def test_without_kafka_and_mongodb_there_is_segue_alone(chart: Path) -> None:
    objects = stack(chart, STACK_MATRIX["external"])
    kinds = {manifest["kind"] for manifest in objects}
    assert not kinds & {
        "Kafka",
        "KafkaNodePool",
        "KafkaTopic",
        "KafkaUser",
        "MongoDBCommunity",
        "StatefulSet",
        "Secret",
        "PriorityClass",
    }
    children = Settings.from_environment(environment(objects)).children
    assert (children.mongodb_uri.name, children.mongodb_uri.key) == ("mine", "uri")


def priorities(objects: list[Manifest]) -> list[str | None]:
    """Priority class of every server's pods."""
    (pool,) = of_kind(objects, "KafkaNodePool").values()
    (kafka,) = of_kind(objects, "Kafka").values()
    templates = [pool["spec"].get("template", {}), kafka["spec"]["entityOperator"]["template"]]
    found = [template.get("pod", {}).get("priorityClassName") for template in templates]
    for database in of_kind(objects, "MongoDBCommunity").values():
        found.append(database["spec"]["statefulSet"]["spec"]["template"]["spec"].get("priorityClassName"))
    for server in of_kind(objects, "StatefulSet").values():
        found.append(server["spec"]["template"]["spec"].get("priorityClassName"))
    return found


@pytest.mark.parametrize("values", [{}, DEVELOPMENT], ids=["mck", "embedded"])
def test_brokers_and_databases_come_before_batches(chart: Path, values: Mapping[str, object]) -> None:
    objects = stack(chart, values)
    (made,) = of_kind(objects, "PriorityClass").values()
    assert made["value"] > 0
    assert priorities(objects) == [made["metadata"]["name"]] * 3
    theirs = stack(chart, {**values, "priorityClass": {"create": False, "name": "important"}})
    assert (of_kind(theirs, "PriorityClass"), priorities(theirs)) == ({}, ["important"] * 3)
    none = stack(chart, {**values, "priorityClass": {"create": False}})
    assert (of_kind(none, "PriorityClass"), priorities(none)) == ({}, [None] * 3)


@pytest.mark.parametrize("values", [{}, DEVELOPMENT], ids=["mck", "embedded"])
def test_segue_finds_the_mongodb_of_the_stack(chart: Path, values: Mapping[str, object]) -> None:
    objects = stack(chart, values)
    uri = Settings.from_environment(environment(objects)).children.mongodb_uri
    if values:
        (secret,) = of_kind(objects, "Secret").values()
        service = of_kind(objects, "Service")["segue-mongodb"]
        (server,) = of_kind(objects, "StatefulSet").values()
        assert secret["metadata"]["name"] == uri.name
        host = f"{server['metadata']['name']}-0.{service['metadata']['name']}.music.svc:27017"
        assert secret["stringData"][uri.key] == f"mongodb://{host}/?replicaSet=rs0"
        assert host in str(server["spec"]["template"]["spec"]["containers"][0]["startupProbe"])
        assert selects({"matchLabels": service["spec"]["selector"]}, server["spec"]["template"]["metadata"]["labels"])
    else:
        (database,) = of_kind(objects, "MongoDBCommunity").values()
        (user,) = database["spec"]["users"]
        assert (user["connectionStringSecretName"], "connectionString.standard") == (uri.name, uri.key)
        assert set(of_kind(objects, "Secret")) == {user["passwordSecretRef"]["name"]}


def test_the_embedded_mongodb_finds_itself_without_dns(chart: Path) -> None:
    """DNS learns of a new pod after its server has started, and a member that cannot find itself leaves its set."""
    objects = stack(chart, DEVELOPMENT)
    (secret,) = of_kind(objects, "Secret").values()
    (server,) = of_kind(objects, "StatefulSet").values()
    (alias,) = server["spec"]["template"]["spec"]["hostAliases"]
    (uri,) = secret["stringData"].values()
    assert alias == {"ip": "127.0.0.1", "hostnames": [uri.removeprefix("mongodb://").partition(":")[0]]}


def test_a_password_that_is_made_is_long_and_kept(chart: Path) -> None:
    (secret,) = of_kind(stack(chart, {}), "Secret").values()
    assert secret["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    assert len(secret["data"]["password"]) >= 40
    assert of_kind(stack(chart, STACK_MATRIX["own-password"]), "Secret") == {}


def test_rules_of_the_jmx_exporter_are_well_formed(chart: Path) -> None:
    (config,) = of_kind(stack(chart, {}), "ConfigMap").values()
    (kafka,) = of_kind(stack(chart, {}), "Kafka").values()
    reference = kafka["spec"]["kafka"]["metricsConfig"]["valueFrom"]["configMapKeyRef"]
    assert reference["name"] == config["metadata"]["name"]
    for rule in yaml.safe_load(config["data"][reference["key"]])["rules"]:
        groups = re.compile(rule["pattern"]).groups
        used = {int(number) for number in re.findall(r"\$(\d)", str({**rule, "pattern": ""}))}
        assert used <= set(range(1, groups + 1)), rule


DEPENDENCIES = ("strimzi-kafka-operator", "spark-operator", "mongodb-kubernetes")
# What a chart's templates read although its values.yaml does not have it; each has a test of its own below.
UNLISTED = frozenset({"mongodb-kubernetes.operator.telemetry.enabled"})


def declared() -> dict[str, Manifest]:
    chart = yaml.safe_load((STACK / "Chart.yaml").read_text("utf-8"))
    return {one["name"]: one for one in chart["dependencies"]}


def test_every_dependency_has_an_exact_version_and_a_switch() -> None:
    for name, one in declared().items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", one["version"]), name
        assert one.get("condition") == (None if name == "segue" else f"{name}.enabled")


@pytest.mark.parametrize("name", DEPENDENCIES)
def test_other_projects_charts_take_our_values(name: str, tmp_path: Path) -> None:
    """Every value that is set for another chart is one that this chart has, in the version that is asked for."""
    source = dependency(name)
    theirs = yaml.safe_load((source / "Chart.yaml").read_text("utf-8"))
    assert (theirs["name"], theirs["version"]) == (name, declared()[name]["version"])
    chart = with_dependencies(STACK, tmp_path, ["segue", name])
    files = list(render_files({other: WITHOUT_OTHERS[other] for other in WITHOUT_OTHERS if other != name}, chart))
    made = [document for path, document in files if f"/charts/{name}/" in path]
    assert of_kind(made, "Deployment")
    for document in made:
        kubernetes_validate.validate(document, "1.34", strict=True)
    ours = yaml.safe_load((STACK / "values.yaml").read_text("utf-8"))[name]
    known = yaml.safe_load((source / "values.yaml").read_text("utf-8"))
    unknown = _unknown({key: value for key, value in ours.items() if key != "enabled"}, known, name)
    assert set(unknown) <= UNLISTED


def _unknown(ours: object, theirs: object, path: str = "") -> list[str]:
    if not isinstance(ours, dict) or path.endswith("resources"):
        return []
    if not isinstance(theirs, dict):
        return [path]
    found = [f"{path}.{key}" for key in ours if key not in theirs]
    return found + [one for key in ours if key in theirs for one in _unknown(ours[key], theirs[key], f"{path}.{key}")]


def test_mongodbs_operator_reports_nothing_to_its_maker(tmp_path: Path) -> None:
    copy = with_dependencies(STACK, tmp_path, ["segue", "mongodb-kubernetes"])
    files = render_files({name: WITHOUT_OTHERS[name] for name in WITHOUT_OTHERS if name != "mongodb-kubernetes"}, copy)
    made = [document for path, document in files if "/charts/mongodb-kubernetes/" in path]
    (operator,) = of_kind(made, "Deployment").values()
    variables = {one["name"]: one.get("value") for one in operator["spec"]["template"]["spec"]["containers"][0]["env"]}
    assert variables["MDB_OPERATOR_TELEMETRY_ENABLED"] == "false"
