"""Wrong settings are named with the variable, and no secret is ever printed."""

import pytest

from segue_jobs.contract import Topic
from segue_jobs.runtime.mongodb import connect, of_catalogue
from segue_jobs.runtime.settings import KafkaSettings, MongoSettings, ProgramSettings, SettingsError

SASL = {
    "KAFKA_BOOTSTRAP": "a:1,b:2",
    "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
    "KAFKA_USERNAME": "ann",
    "KAFKA_PASSWORD": "hunter2",
    "KAFKA_CA_FILE": "/ca.crt",
}


def test_kafka_settings_become_client_options() -> None:
    settings = KafkaSettings.from_environment(SASL)
    assert settings.client_options() == {
        "bootstrap_servers": ["a:1", "b:2"],
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "ann",
        "sasl_plain_password": "hunter2",
        "ssl_cafile": "/ca.crt",
    }
    assert (settings.topic(Topic.TRACKS), settings.sink_group) == ("segue.tracks", "segue.sink")


def test_no_secret_is_printed() -> None:
    assert "hunter2" not in repr(KafkaSettings.from_environment(SASL))
    mongo = MongoSettings.from_environment({"MONGODB_URI": "mongodb://ann:hunter2@h:1/?x=y"})
    assert "hunter2" not in repr(mongo)
    assert mongo.address == "h:1"


def test_a_uri_that_the_driver_refuses_is_explained_without_its_password() -> None:
    with pytest.raises(SettingsError, match="MONGODB_URI cannot be used") as refused:
        connect(MongoSettings(uri="mongodb://ann:hunter2@h:port/"))
    assert "hunter2" not in str(refused.value)
    assert refused.value.__suppress_context__


@pytest.mark.parametrize(
    ("environment", "variable"),
    [
        ({}, "KAFKA_BOOTSTRAP"),
        ({"KAFKA_BOOTSTRAP": "a:1", "KAFKA_SECURITY_PROTOCOL": "TLS"}, "KAFKA_SECURITY_PROTOCOL='TLS'"),
        ({**SASL, "KAFKA_PASSWORD": ""}, "KAFKA_PASSWORD"),
        ({"KAFKA_BOOTSTRAP": "a:1", "SEGUE_TOPIC_PARTITIONS": "many"}, "SEGUE_TOPIC_PARTITIONS='many'"),
        ({"KAFKA_BOOTSTRAP": "a:1", "SEGUE_TOPIC_PARTITIONS": "0"}, "SEGUE_TOPIC_PARTITIONS=0"),
    ],
)
def test_a_wrong_kafka_variable_is_named(environment: dict[str, str], variable: str) -> None:
    with pytest.raises(SettingsError, match=variable):
        KafkaSettings.from_environment(environment)


@pytest.mark.parametrize("name", ["SEGUE_LOG_FORMAT", "SEGUE_LOG_LEVEL", "SEGUE_METRICS_PORT"])
def test_a_wrong_program_variable_is_named(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        ProgramSettings.from_environment({name: "-x"})


def test_a_catalogues_range_leaves_other_catalogues_out() -> None:
    bounds = of_catalogue("fma")["_id"]
    inside = [name for name in ("fma:1", "fma:~", "fmb:1", "fma2:1", "fma") if bounds["$gte"] <= name < bounds["$lt"]]
    assert inside == ["fma:1", "fma:~"]
