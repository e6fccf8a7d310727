"""The chart and the operator's children fit: accounts, users, topics, labels, ports, environment."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from segue_core.contract import Topic
from segue_operator.children.config import ChildConfig, SecretKey
from segue_operator.children.extract_job import build_extract_job
from segue_operator.children.sink_deployment import build_sink_deployment
from segue_operator.children.spark_application import build_spark_application
from segue_operator.children.verify_job import build_verify_job
from segue_operator.kinds.constants import Component, Label
from segue_operator.kube.__main__ import LAST_SECONDS
from segue_operator.kube.operator_settings import Settings
from support.chart_values import MATRIX
from support.charts import NAMESPACE, Manifest, environment, of_kind, render, selects, serving
from support.children import batch_model, run_model
from support.manifests import track_batch

CASES = pytest.mark.parametrize("values", MATRIX.values(), ids=MATRIX)


def config(objects: list[Manifest]) -> ChildConfig:
    return Settings.from_environment(environment(objects)).children


def pods(config: ChildConfig) -> dict[str, tuple[Mapping[str, str], Manifest]]:
    """Labels and spec of every program's pod, as the operator makes them."""
    jobs = {
        "extract": build_extract_job(batch_model(), config),
        "sink": build_sink_deployment(NAMESPACE, [track_batch()], 1, config),
        "verify": build_verify_job(batch_model(), config),
    }
    made = {
        name: (job["spec"]["template"]["metadata"]["labels"], job["spec"]["template"]["spec"])
        for name, job in jobs.items()
    }
    application = build_spark_application(run_model(), 1, config)["spec"]
    for role in ("driver", "executor"):
        part = application[role]
        labels = part["labels"] | {str(Label.SPARK_ROLE): role}
        made[role] = (labels, part["template"]["spec"] | {"serviceAccountName": part["serviceAccount"]})
    return made


@CASES
def test_the_operator_understands_its_environment(values: Mapping[str, object]) -> None:
    """Every variable is one that it reads, and each has a value that it takes."""
    objects = render(values)
    settings = Settings.from_environment(environment(objects))
    scope = values.get("scope", "Namespaced")
    watched = (NAMESPACE, *values.get("watchNamespaces", ()))
    assert tuple(settings.namespaces) == (() if scope == "Cluster" else watched)


def test_the_environment_says_what_the_values_say() -> None:
    objects = render(
        {
            "operator": {"workers": 7, "resyncSeconds": 60, "logLevel": "DEBUG", "logFormat": "text"},
            "jobs": {"sink": {"resources": {"requests": {"cpu": "1"}, "limits": {"memory": "1Gi", "cpu": 2}}}},
            "images": {"tag": "9", "pullPolicy": "Never"},
            "mongodb": {"secret": "mongo", "key": "connection", "database": "music"},
            "kafka": {
                "mode": "external",
                "bootstrap": "a:1,b:2",
                "credentials": {"username": "u", "secret": "s", "key": "k"},
                "ca": {"secret": "ca", "key": "pem"},
                "saslMechanism": "SCRAM-SHA-256",
                "topics": {"prefix": "music", "partitions": 12},
            },
        }
    )
    settings = Settings.from_environment(environment(objects))
    children = settings.children
    assert (settings.workers, settings.resync_seconds, settings.log_level) == (7, 60, "DEBUG")
    assert (children.jobs_image, children.spark_image, children.image_pull_policy) == (
        "segue-jobs:9",
        "segue-spark:9",
        "Never",
    )
    # Merged with the default's keys, as Helm merges values.
    assert children.resources[Component.SINK]["limits"] == {"memory": "1Gi", "cpu": "2"}
    assert (children.mongodb_uri, children.database) == (SecretKey("mongo", "connection"), "music")
    assert (children.topic_prefix, children.topic_partitions, children.create_topics) == ("music", 12, True)
    kafka = children.kafka
    assert (kafka.bootstrap, kafka.sasl_mechanism) == ("a:1,b:2", "SCRAM-SHA-256")
    assert kafka.user is not None
    assert (kafka.user.name, kafka.user.password) == ("u", SecretKey("s", "k"))
    assert kafka.ca_certificate == SecretKey("ca", "pem")


def test_the_operator_has_time_for_what_it_does_at_its_end() -> None:
    deployment = of_kind(render(), "Deployment")["segue-operator"]
    assert deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] >= LAST_SECONDS + 10


@pytest.mark.parametrize("values", [{}, MATRIX["namespaces"], {"fullnameOverride": "tune"}])
def test_every_program_has_its_account(values: Mapping[str, object]) -> None:
    objects = render(values)
    accounts = {
        (one["metadata"]["namespace"], one["metadata"]["name"]) for one in objects if one["kind"] == "ServiceAccount"
    }
    children = config(objects)
    for _, spec in serving(objects).values():
        assert (NAMESPACE, spec["serviceAccountName"]) in accounts
    for namespace in (NAMESPACE, *values.get("watchNamespaces", ())):
        for _, spec in pods(children).values():
            assert (namespace, spec["serviceAccountName"]) in accounts
    assert len({spec["serviceAccountName"] for _, spec in pods(children).values()}) == 4


def test_with_strimzi_every_program_is_a_user_of_its_own() -> None:
    objects = render()
    users = of_kind(objects, "KafkaUser")
    kafka = config(objects).kafka
    named = {component: kafka.user_of(component) for component in Component}
    assert {user.name for user in named.values() if user} == set(users) - {"segue-api", "segue-events"}
    # Strimzi keeps a user's password in a Secret of the user's name.
    assert all(user and user.password == SecretKey(user.name, "password") for user in named.values())
    assert kafka.ca_certificate == SecretKey("segue-cluster-ca-cert", "ca.crt")
    for program in ("api", "events"):
        pod = serving(objects)[program][1]
        (container,) = pod["containers"]
        variables = {one["name"]: one.get("value") for one in container["env"]}
        assert variables["KAFKA_USERNAME"] == f"segue-{program}"
        # A file: another password in the Secret reaches a pod that runs.
        mounted = {one["name"]: one["mountPath"] for one in container["volumeMounts"]}
        assert variables["KAFKA_PASSWORD_FILE"] == f"{mounted['kafka-user']}/password"
        secrets = {one["name"]: one["secret"] for one in pod["volumes"] if "secret" in one}
        items = [{"key": "password", "path": "password"}]
        assert secrets["kafka-user"] == {"secretName": f"segue-{program}", "items": items}


def rights(user: Manifest) -> dict[tuple[str, str], set[str]]:
    acls = user["spec"]["authorization"]["acls"]
    return {(acl["resource"]["type"], acl["resource"]["name"]): set(acl["operations"]) for acl in acls}


def test_users_may_do_what_their_program_does() -> None:
    users = {name: rights(user) for name, user in of_kind(render(), "KafkaUser").items()}
    write, read = {"Describe", "Write"}, {"Describe", "Read"}
    assert users == {
        "segue-extract": {("topic", "segue.tracks"): write, ("topic", "segue.rejected"): write},
        "segue-sink": {
            ("topic", "segue.tracks"): read,
            ("topic", "segue.rejected"): read,
            ("group", "segue.sink"): read,
        },
        "segue-events": {("topic", "segue.events"): read, ("group", "segue.events"): read},
        "segue-api": {("topic", "segue.events"): read | write, ("topic", "segue.tracks"): read},
        "segue-verify": {
            ("topic", "segue.tracks"): {"Describe"},
            ("topic", "segue.rejected"): {"Describe"},
            ("group", "segue.sink"): {"Describe"},
        },
        "segue-train": {("topic", "segue.features."): read | write, ("group", "spark-kafka-"): read},
    }


def test_every_topic_of_the_programs_is_made() -> None:
    topics = of_kind(render({"kafka": {"topics": {"prefix": "music"}}}), "KafkaTopic")
    assert set(topics) == {f"music.{topic}" for topic in Topic}
    config = topics["music.features.timbre"]["spec"]["config"]
    assert config == {"cleanup.policy": "delete", "retention.ms": 72 * 3_600_000}


def test_topics_are_made_once() -> None:
    """By Strimzi, or by the programs, or by somebody else."""
    assert config(render()).create_topics is False
    external = MATRIX["external-plaintext"]
    assert of_kind(render(external), "KafkaTopic") == {}
    assert config(render(external)).create_topics is True
    nobody = {"kafka": {**external["kafka"], "topics": {"create": False}}}
    assert config(render(nobody)).create_topics is False


def test_policies_reach_the_pods_that_they_are_for() -> None:
    objects = render()
    labels = {name: labels for name, (labels, _) in (pods(config(objects)) | serving(objects)).items()}
    chosen = {
        name: {pod for pod in labels if selects(policy["spec"]["podSelector"], labels[pod])}
        for name, policy in of_kind(objects, "NetworkPolicy").items()
    }
    assert chosen == {
        "segue-operator": {"operator"},
        "segue-api": {"api"},
        "segue-events": {"events"},
        "segue-programs": {"extract", "sink", "verify"},
        "segue-train": {"driver", "executor"},
    }


def test_programs_may_reach_their_servers() -> None:
    policies = of_kind(render({"networkPolicies": {"mongodb": {"ports": [27018]}}}), "NetworkPolicy")
    ports = {
        name: {port["port"] for rule in policy["spec"]["egress"] for port in rule.get("ports", ())}
        for name, policy in policies.items()
    }
    assert ports == {
        "segue-operator": {53, 443, 6443, 8080},
        "segue-api": {53, 9093, 27018},
        "segue-events": {53, 9093, 27018},
        "segue-programs": {53, 9093, 27018},
        "segue-train": {53, 443, 6443, 9093, 27018},
    }


@pytest.mark.parametrize(
    ("kafka", "ports"),
    [
        ({"mode": "external", "securityProtocol": "SSL", "bootstrap": "b-1.kafka:9096,b-2.kafka:9096,b-3.kafka:9093"},
         {9092, 9093, 9094, 9096}),
        ({"bootstrap": "segue-kafka-more-bootstrap.music.svc:9095"}, {9093, 9095}),
    ],
)  # fmt: skip
def test_programs_may_reach_the_brokers_that_the_bootstrap_names(kafka: Mapping[str, object], ports: set[int]) -> None:
    for name, policy in of_kind(render({"kafka": kafka}), "NetworkPolicy").items():
        given = [port["port"] for rule in policy["spec"]["egress"] for port in rule.get("ports", ())]
        reached = {port for port in given if 9000 < port < 10_000}
        assert reached == (set() if name == "segue-operator" else ports)
        assert len(given) == len(set(given)) + 1, "each once; the name servers by UDP and TCP"


def test_budgets_choose_the_pods_that_they_are_for() -> None:
    objects = render({"podDisruptionBudgets": {"trainingDriver": True}})
    made = pods(config(objects)) | serving(objects)
    chosen = {
        name: {pod for pod, (labels, _) in made.items() if selects(budget["spec"]["selector"], labels)}
        for name, budget in of_kind(objects, "PodDisruptionBudget").items()
    }
    assert chosen == {"segue-sink": {"sink"}, "segue-driver": {"driver"}, "segue-api": {"api"}}


SPARKS_OWN_PORT = "spark-ui"
"""Spark's driver declares it itself."""


def test_monitors_find_pods_and_their_ports() -> None:
    objects = render(MATRIX["monitored"])
    made = pods(config(objects)) | serving(objects)
    chosen: dict[str, set[str]] = {}
    for name, monitor in of_kind(objects, "PodMonitor").items():
        spec = monitor["spec"]
        chosen[name] = {pod for pod, (labels, _) in made.items() if selects(spec["selector"], labels)}
        wanted = {endpoint["port"] for endpoint in spec["podMetricsEndpoints"]} - {SPARKS_OWN_PORT}
        for pod in chosen[name]:
            ports = {port["name"] for one in made[pod][1]["containers"] for port in one.get("ports", ())}
            assert wanted <= ports, (name, pod)
    assert chosen == {
        "segue-operator": {"operator"},
        "segue-extract": {"extract"},
        "segue-sink": {"sink"},
        "segue-verify": {"verify"},
        "segue-train": {"driver"},
        "segue-api": {"api"},
        "segue-events": {"events"},
    }


def test_monitors_look_where_programs_run() -> None:
    def namespaces(values: Mapping[str, object]) -> object:
        monitors = of_kind(render({**MATRIX["monitored"], **values}), "PodMonitor")
        return monitors["segue-sink"]["spec"]["namespaceSelector"]

    assert namespaces({}) == {"matchNames": ["music"]}
    assert namespaces({"watchNamespaces": ["jazz"]}) == {"matchNames": ["music", "jazz"]}
    assert namespaces({"scope": "Cluster"}) == {"any": True}
