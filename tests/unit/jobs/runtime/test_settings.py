"""Wrong settings are named with the variable, and no secret is ever printed."""

from pathlib import Path

import pytest

from segue_jobs.contract import Topic
from segue_jobs.runtime.mongodb import connect, of_catalogue
from segue_jobs.runtime.settings import KafkaSettings, MongoSettings, ProgramSettings, SettingsError
from support.certificates import make_authority

SASL = {
    "KAFKA_BOOTSTRAP": "a:1,b:2",
    "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
    "KAFKA_USERNAME": "ann",
    "KAFKA_PASSWORD": "hunter2",
}


def test_kafka_settings_become_client_options(tmp_path: Path) -> None:
    certificate = make_authority(tmp_path / "authority").certificate
    settings = KafkaSettings.from_environment(
        {**SASL, "KAFKA_BOOTSTRAP": "a:1, b:2,", "KAFKA_CA_FILE": str(certificate)}
    )
    assert settings.client_options() == {
        "bootstrap_servers": ["a:1", "b:2"],
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "ann",
        "sasl_plain_password": "hunter2",
        "ssl_cafile": str(certificate),
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
        ({"KAFKA_BOOTSTRAP": ","}, "KAFKA_BOOTSTRAP=',' names no broker"),
        ({"KAFKA_BOOTSTRAP": "a:1,kafka"}, "KAFKA_BOOTSTRAP: 'kafka' is not host:port"),
        ({"KAFKA_BOOTSTRAP": "a:99999"}, "KAFKA_BOOTSTRAP: 'a:99999'"),
        ({**SASL, "KAFKA_SASL_MECHANISM": "GSSAPI"}, "KAFKA_SASL_MECHANISM='GSSAPI': use PLAIN, "),
        ({**SASL, "KAFKA_CA_FILE": "/nowhere/ca.crt"}, "KAFKA_CA_FILE=/nowhere/ca.crt is no file .*: No such file"),
        ({**SASL, "KAFKA_CA_FILE": __file__}, "KAFKA_CA_FILE=.* is no file of PEM certificates"),
        ({"KAFKA_BOOTSTRAP": "a:1", "SEGUE_TOPIC_CREATE": "yes"}, "SEGUE_TOPIC_CREATE='yes': use true or false"),
        ({"KAFKA_BOOTSTRAP": "a:1", "SEGUE_TOPIC_PREFIX": "my music"}, "SEGUE_TOPIC_PREFIX='my music'"),
    ],
)
def test_a_wrong_kafka_variable_is_named(environment: dict[str, str], variable: str) -> None:
    with pytest.raises(SettingsError, match=variable):
        KafkaSettings.from_environment(environment)


@pytest.mark.parametrize("name", ["a.b", "a b", "a/b", "x" * 64, 'a"b'])
def test_a_database_that_mongodb_does_not_take_is_named(name: str) -> None:
    environment = {"MONGODB_URI": "mongodb://h:1", "SEGUE_DATABASE": name}
    with pytest.raises(SettingsError, match="SEGUE_DATABASE="):
        MongoSettings.from_environment(environment)


@pytest.mark.parametrize("name", ["SEGUE_LOG_FORMAT", "SEGUE_LOG_LEVEL", "SEGUE_METRICS_PORT"])
@pytest.mark.parametrize("value", ["-x", "70000"])
def test_a_wrong_program_variable_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        ProgramSettings.from_environment({name: value})


def test_a_catalogues_range_leaves_other_catalogues_out() -> None:
    bounds = of_catalogue("fma")["_id"]
    inside = [name for name in ("fma:1", "fma:~", "fmb:1", "fma2:1", "fma") if bounds["$gte"] <= name < bounds["$lt"]]
    assert inside == ["fma:1", "fma:~"]
