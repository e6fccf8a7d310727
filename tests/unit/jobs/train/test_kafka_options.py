"""Connection settings for Spark."""

import json

import pytest

from segue_core.contract.environment import SettingsError
from segue_core.settings import KafkaSettings
from segue_core.store.models import PartitionRange
from segue_jobs.train.kafka_options import connection_options, range_options


def test_plain_connection_has_no_credentials() -> None:
    options = connection_options(KafkaSettings(bootstrap="a:1,b:2"))
    assert options == {"kafka.bootstrap.servers": "a:1,b:2", "kafka.security.protocol": "PLAINTEXT"}


def test_password_is_in_one_option_and_quoted() -> None:
    settings = KafkaSettings(
        bootstrap="a:1", security_protocol="SASL_SSL", sasl_mechanism="SCRAM-SHA-512", username="segue",
        password='p"w\\;', ca_file="/ca/ca.crt",
    )  # fmt: skip
    options = connection_options(settings)
    assert [name for name, value in options.items() if "w\\" in value] == ["kafka.sasl.jaas.config"]
    assert options["kafka.sasl.jaas.config"].endswith(
        'ScramLoginModule required username="segue" password="p\\"w\\\\;";'
    )
    assert options["kafka.ssl.truststore.location"] == "/ca/ca.crt"


def test_unknown_mechanism_is_explained() -> None:
    with pytest.raises(SettingsError, match=r"GSSAPI.*use PLAIN, SCRAM-SHA-256, SCRAM-SHA-512"):
        connection_options(KafkaSettings(bootstrap="a:1", security_protocol="SASL_SSL", sasl_mechanism="GSSAPI"))


def test_ranges_are_exact() -> None:
    ranges = [PartitionRange(topic="t", partition=index, start=5 * index, end=9 + index) for index in range(2)]
    options = range_options(ranges)
    assert json.loads(options["assign"]) == {"t": [0, 1]}
    assert json.loads(options["startingOffsets"]) == {"t": {"0": 0, "1": 5}}
    assert json.loads(options["endingOffsets"]) == {"t": {"0": 9, "1": 10}}
