"""Which objects an installation makes, and what each of them asks for, by default and for development."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from segue_core import __version__
from segue_core.contract import Topic
from support.chart_values import SEGUE, STACK, STACK_MATRIX, WITHOUT_OTHERS
from support.charts import Manifest, of_kind, render, render_files
from support.other_charts import with_dependencies

DEVELOPMENT = STACK_MATRIX["development"]
PROGRAMS = ("extract", "sink", "verify")
TOPICS = [f"segue.{topic}" for topic in Topic]
ALWAYS = {
    "ClusterRole": ["segue-music-edit", "segue-music-view"],
    "Deployment": ["segue-api", "segue-events", "segue-operator"],
    "KafkaTopic": sorted(TOPICS),
    "NetworkPolicy": ["segue-api", "segue-events", "segue-operator", "segue-programs", "segue-train"],
    "PodDisruptionBudget": ["segue-api", "segue-sink"],
    "Role": ["segue-operator", "segue-spark"],
    "RoleBinding": ["segue-operator", "segue-spark"],
    "Service": ["segue-api"],
    "ServiceAccount": sorted(
        ["segue-api", "segue-events", "segue-operator", "segue-spark", *(f"segue-{program}" for program in PROGRAMS)]
    ),
}
USERS = {
    "KafkaUser": sorted(["segue-api", "segue-events", "segue-train", *(f"segue-{program}" for program in PROGRAMS)])
}


def inventory(objects: Sequence[Manifest]) -> dict[str, list[str]]:
    """Names by kind, without the definitions, which are compared with their source elsewhere."""
    found = defaultdict(list)
    for one in objects:
        if one["kind"] != "CustomResourceDefinition":
            found[one["kind"]].append(one["metadata"]["name"])
    return {kind: sorted(names) for kind, names in found.items()}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return with_dependencies(STACK, tmp_path_factory.mktemp("stack"), ["segue"])


def own(stack: Path, values: Any) -> list[Manifest]:
    """What the stack makes besides what its dependencies make."""
    files = render_files({**values, **WITHOUT_OTHERS}, stack)
    return [document for path, document in files if "/charts/" not in path]


# ----------------------------------------------------------------------------------------------------------- objects


def test_segue_makes_accounts_rights_topics_the_operator_and_the_service() -> None:
    assert inventory(render()) == ALWAYS | USERS
    assert inventory(render(DEVELOPMENT["segue"])) == ALWAYS


def test_the_stack_adds_kafka_and_mongodb(stack: Path) -> None:
    assert inventory(own(stack, {})) == {
        "Kafka": ["segue"],
        "KafkaNodePool": ["segue-broker"],
        "ConfigMap": ["segue-kafka-metrics"],
        "MongoDBCommunity": ["segue-mongodb"],
        "Secret": ["segue-mongodb-password"],
        "PriorityClass": ["music-segue-servers"],
    }
    assert inventory(own(stack, DEVELOPMENT)) == {
        "Kafka": ["segue"],
        "KafkaNodePool": ["segue-broker"],
        "StatefulSet": ["segue-mongodb"],
        "Service": ["segue-mongodb"],
        "Secret": ["segue-mongodb-uri"],
        "NetworkPolicy": ["segue-mongodb"],
        "PriorityClass": ["music-segue-servers"],
    }


@pytest.mark.parametrize("chart", [SEGUE, STACK], ids=["segue", "segue-stack"])
def test_charts_have_the_version_of_the_programs(chart: Path) -> None:
    described = yaml.safe_load((chart / "Chart.yaml").read_text("utf-8"))
    assert (described["version"], described["appVersion"]) == (__version__, __version__)


# ------------------------------------------------------------------------------------------------------ the operator


def test_there_is_one_operator_and_never_two_at_once() -> None:
    spec = of_kind(render(), "Deployment")["segue-operator"]["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    assert spec["selector"]["matchLabels"].items() <= spec["template"]["metadata"]["labels"].items()


def test_the_operator_is_probed_at_the_port_that_it_serves() -> None:
    objects = render()
    (container,) = of_kind(objects, "Deployment")["segue-operator"]["spec"]["template"]["spec"]["containers"]
    (port,) = container["ports"]
    paths = {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}
    for probe, path in paths.items():
        assert container[probe]["httpGet"] == {"path": path, "port": port["name"]}
    variables = {one["name"]: one["value"] for one in container["env"]}
    assert variables["SEGUE_HTTP_PORT"] == str(port["containerPort"])


def test_the_operator_writes_to_a_small_tmp_alone() -> None:
    spec = of_kind(render(), "Deployment")["segue-operator"]["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    assert container["volumeMounts"] == [{"name": "tmp", "mountPath": "/tmp"}]
    assert spec["volumes"] == [{"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}}]


def rights(role: Manifest) -> dict[str, set[str]]:
    """Verbs by resource, with the group before it where there is one."""
    return {
        "/".join(filter(None, (group, resource))): set(rule["verbs"])
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }


def test_the_operator_may_do_what_it_does_and_no_more() -> None:
    ours = {"": {"list", "watch", "delete"}, "/status": {"patch"}, "/finalizers": {"update"}}
    manage = {"get", "list", "watch", "create", "patch", "delete"}
    assert rights(of_kind(render(), "Role")["segue-operator"]) == {
        **{
            f"segue.dev/{kind}{part}": verbs
            for kind in ("trackbatches", "trainingruns")
            for part, verbs in ours.items()
        },
        **dict.fromkeys(("batch/jobs", "apps/deployments", "sparkoperator.k8s.io/sparkapplications"), manage),
        "pods": {"list", "watch"},
        "resourcequotas": {"list", "watch"},
        "events": {"create"},
    }


def test_sparks_driver_may_manage_its_executors() -> None:
    verbs = {"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}
    kinds = ("pods", "configmaps", "services", "persistentvolumeclaims")
    assert rights(of_kind(render(), "Role")["segue-spark"]) == dict.fromkeys(kinds, verbs)


def test_a_broken_sink_does_not_keep_a_node_from_being_drained() -> None:
    spec = of_kind(render(), "PodDisruptionBudget")["segue-sink"]["spec"]
    assert (spec["maxUnavailable"], spec["unhealthyPodEvictionPolicy"]) == (1, "AlwaysAllow")


# ------------------------------------------------------------------------------------------------- Kafka and MongoDB

DAY = 24 * 3_600_000


def test_topics_forget_and_events_last() -> None:
    for name, topic in of_kind(render(), "KafkaTopic").items():
        days = 30 if name == "segue.events" else 3 if ".features." in name else 7
        assert topic["spec"]["config"] == {"cleanup.policy": "delete", "retention.ms": days * DAY}, name
        assert topic["spec"]["partitions"] == 6
    for topic in of_kind(render(DEVELOPMENT["segue"]), "KafkaTopic").values():
        assert (topic["spec"]["partitions"], topic["spec"]["replicas"]) == (3, 1)


def test_users_give_a_password_and_have_listed_rights_alone() -> None:
    for user in of_kind(render(), "KafkaUser").values():
        assert user["spec"]["authentication"] == {"type": "scram-sha-512"}
        assert user["spec"]["authorization"]["type"] == "simple"


@pytest.mark.parametrize(
    ("values", "brokers", "size", "is_deleted"),
    [({}, 3, "20Gi", False), (DEVELOPMENT, 1, "2Gi", True)],
    ids=["defaults", "development"],
)
def test_records_outlive_the_stack_except_in_development(
    stack: Path, values: Any, brokers: int, size: str, is_deleted: bool
) -> None:
    spec = of_kind(own(stack, values), "KafkaNodePool")["segue-broker"]["spec"]
    assert (spec["replicas"], spec["roles"]) == (brokers, ["controller", "broker"])
    (volume,) = spec["storage"]["volumes"]
    assert (volume["type"], volume["size"], volume["deleteClaim"]) == ("persistent-claim", size, is_deleted)


@pytest.mark.parametrize("values", [{}, DEVELOPMENT], ids=["defaults", "development"])
def test_no_topic_is_created_by_a_typing_error(stack: Path, values: Any) -> None:
    (kafka,) = of_kind(own(stack, values), "Kafka").values()
    assert kafka["spec"]["kafka"]["config"]["auto.create.topics.enable"] is False


def test_kafkas_exporter_looks_at_segues_topics(stack: Path) -> None:
    (kafka,) = of_kind(own(stack, {}), "Kafka").values()
    assert kafka["spec"]["kafkaExporter"]["topicRegex"] == "segue[.].*"


def test_mongodb_has_three_members_and_a_user_of_one_database(stack: Path) -> None:
    (database,) = of_kind(own(stack, {}), "MongoDBCommunity").values()
    spec = database["spec"]
    assert (spec["type"], spec["members"]) == ("ReplicaSet", 3)
    assert spec["security"]["authentication"]["modes"] == ["SCRAM"]
    (user,) = spec["users"]
    assert user["roles"] == [{"name": "readWrite", "db": "segue"}]
    claims = {
        claim["metadata"]["name"]: claim["spec"]["resources"]["requests"]["storage"]
        for claim in spec["statefulSet"]["spec"]["volumeClaimTemplates"]
    }
    assert claims == {"data-volume": "20Gi", "logs-volume": "1Gi"}


def test_the_mongodb_of_development_keeps_its_data_and_lets_only_programs_in(stack: Path) -> None:
    objects = own(stack, DEVELOPMENT)
    (server,) = of_kind(objects, "StatefulSet").values()
    spec = server["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    assert {"name": "data", "mountPath": "/data/db"} in container["volumeMounts"]
    assert [claim["metadata"]["name"] for claim in spec["volumeClaimTemplates"]] == ["data"]
    assert spec["serviceName"] in of_kind(objects, "Service")
    (policy,) = of_kind(objects, "NetworkPolicy").values()
    assert policy["spec"]["policyTypes"] == ["Ingress"]
    (rule,) = policy["spec"]["ingress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": 27017}]
    programs, itself = rule["from"]
    (chosen,) = programs["podSelector"]["matchExpressions"]
    assert chosen["values"] == [*PROGRAMS, "train"]
    assert itself == {"podSelector": policy["spec"]["podSelector"]}
