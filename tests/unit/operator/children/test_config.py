"""The operator's environment for its children."""

from __future__ import annotations

import pytest

from segue_operator.children.config import ChildConfig, KafkaAccess, KafkaUser, SecretKey
from segue_operator.children.environment import ConfigError
from segue_operator.kinds.constants import Component

LEAST = {"KAFKA_BOOTSTRAP": "kafka:9092"}


def test_the_least_environment_gives_the_defaults() -> None:
    assert ChildConfig.from_environment(LEAST) == ChildConfig(kafka=KafkaAccess(bootstrap="kafka:9092"))


def test_everything_can_be_set() -> None:
    config = ChildConfig.from_environment(
        {
            "KAFKA_BOOTSTRAP": "kafka:9093",
            "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "KAFKA_USERNAME": "segue",
            "SEGUE_KAFKA_SECRET": "segue-user",
            "SEGUE_KAFKA_CA_SECRET": "cluster-ca",
            "SEGUE_MONGODB_SECRET": "mongo",
            "SEGUE_MONGODB_SECRET_KEY": "connectionString.standard",
            "SEGUE_JOBS_IMAGE": "jobs:1",
            "SEGUE_SPARK_IMAGE": "spark:1",
            "SEGUE_TOPIC_PREFIX": "music",
            "SEGUE_TOPIC_CREATE": "true",
            "SEGUE_TOPIC_PARTITIONS": "12",
            "SEGUE_EXTRACT_RESOURCES": '{"limits": {"cpu": 2}}',
            "SEGUE_IMAGE_PULL_POLICY": "Never",
            "SEGUE_LOG_FORMAT": "text",
        }
    )
    assert config.kafka == KafkaAccess(
        bootstrap="kafka:9093",
        security_protocol="SASL_SSL",
        sasl_mechanism="SCRAM-SHA-512",
        user=KafkaUser("segue", SecretKey("segue-user", "password")),
        ca_certificate=SecretKey("cluster-ca", "ca.crt"),
    )
    assert config.mongodb_uri == SecretKey("mongo", "connectionString.standard")
    assert (config.jobs_image, config.spark_image, config.topic_prefix) == ("jobs:1", "spark:1", "music")
    assert (config.create_topics, config.topic_partitions) == (True, 12)
    assert config.resources[Component.EXTRACT] == {"limits": {"cpu": "2"}}
    assert (config.image_pull_policy, config.log_format) == ("Never", "text")


def users(*programs: str) -> dict[str, str]:
    """Variables that give programs users of their own."""
    return {
        name: program
        for program in programs
        for name in (f"SEGUE_{program.upper()}_KAFKA_USERNAME", f"SEGUE_{program.upper()}_KAFKA_SECRET")
    }


def test_programs_with_users_of_their_own_need_no_common_one() -> None:
    environ = LEAST | {"KAFKA_SECURITY_PROTOCOL": "SASL_SSL"} | users("extract", "sink", "verify", "train")
    kafka = ChildConfig.from_environment(environ).kafka
    assert kafka.user is None
    assert {component: kafka.user_of(component) for component in Component} == {
        component: KafkaUser(str(component), SecretKey(str(component), "password")) for component in Component
    }


def test_a_program_without_a_user_of_its_own_has_the_common_one() -> None:
    common = {"KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_USERNAME": "segue", "SEGUE_KAFKA_SECRET": "common"}
    kafka = ChildConfig.from_environment(LEAST | common | users("extract")).kafka
    assert kafka.user_of(Component.EXTRACT) == KafkaUser("extract", SecretKey("extract", "password"))
    assert kafka.user_of(Component.SINK) == KafkaUser("segue", SecretKey("common", "password"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"KAFKA_BOOTSTRAP": " "}, "KAFKA_BOOTSTRAP is not set"),
        ({"KAFKA_SECURITY_PROTOCOL": "TLS"}, "KAFKA_SECURITY_PROTOCOL='TLS': use one of PLAINTEXT, SSL"),
        ({"KAFKA_SECURITY_PROTOCOL": "SASL_SSL"}, "KAFKA_USERNAME is not set"),
        ({"KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_USERNAME": "a"}, "SEGUE_KAFKA_SECRET is not set"),
        (
            {"KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "SEGUE_SINK_KAFKA_USERNAME": "sink"},
            "SEGUE_SINK_KAFKA_SECRET is not set",
        ),
        ({"SEGUE_TOPIC_PARTITIONS": "many"}, "SEGUE_TOPIC_PARTITIONS='many' is not a whole number"),
        ({"SEGUE_TOPIC_PARTITIONS": "0"}, "SEGUE_TOPIC_PARTITIONS='0' is not a whole number of at least 1"),
        (
            {
                "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
                "KAFKA_USERNAME": "segue",
                "SEGUE_KAFKA_SECRET": "segue-kafka",
                "KAFKA_SASL_MECHANISM": "GSSAPI",
            },
            "KAFKA_SASL_MECHANISM='GSSAPI': use one of PLAIN, ",
        ),
        ({"SEGUE_TOPIC_CREATE": "yes"}, "SEGUE_TOPIC_CREATE='yes': use one of true, false"),
        ({"SEGUE_IMAGE_PULL_POLICY": "Often"}, "SEGUE_IMAGE_PULL_POLICY='Often'"),
        ({"SEGUE_SINK_RESOURCES": "{"}, "SEGUE_SINK_RESOURCES must be JSON like"),
        ({"SEGUE_SINK_RESOURCES": '{"request": {}}'}, "SEGUE_SINK_RESOURCES must be JSON like"),
        ({"SEGUE_SINK_RESOURCES": '{"requests": 1}'}, "SEGUE_SINK_RESOURCES must be JSON like"),
        ({"SEGUE_SINK_MAX_REPLICAS": "0"}, "SEGUE_SINK_MAX_REPLICAS='0' is not a whole number from 1 to 64"),
        ({"SEGUE_SINK_POD_OVERRIDES": "{"}, "SEGUE_SINK_POD_OVERRIDES must be podOverrides as JSON: Invalid JSON"),
        (
            {"SEGUE_SINK_POD_OVERRIDES": '{"nodeSelectors": {}}'},
            "SEGUE_SINK_POD_OVERRIDES must be podOverrides as JSON: nodeSelectors: Extra inputs are not permitted",
        ),
    ],
)
def test_a_wrong_variable_is_named_with_what_it_should_hold(change: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigError) as error:
        ChildConfig.from_environment(LEAST | change)
    assert words in str(error.value)


def test_the_pods_of_sinks_may_be_changed() -> None:
    given = '{"nodeSelector": {"disk": "fast"}, "tolerations": [{"key": "music", "operator": "Exists"}]}'
    overrides = ChildConfig.from_environment(LEAST | {"SEGUE_SINK_POD_OVERRIDES": given}).sink_pod_overrides
    assert overrides is not None
    assert overrides.node_selector == {"disk": "fast"}
    assert ChildConfig.from_environment(LEAST | {"SEGUE_SINK_POD_OVERRIDES": "{}"}).sink_pod_overrides is not None
