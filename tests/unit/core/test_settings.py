"""Wrong settings are named with the variable, and no secret is ever printed."""

from pathlib import Path

import pytest

from segue_core.contract import SinkFeed, Topic
from segue_core.contract.environment import SettingsError
from segue_core.settings import KafkaSettings, MongoSettings, ProgramSettings
from segue_core.store.database import connect, of_catalogue
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
    assert [settings.group_of(feed) for feed in SinkFeed] == ["segue.sink", "segue.events"]


def test_each_client_reads_the_password_again_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("hunter2\n", encoding="utf-8")
    environ = {**SASL, "KAFKA_PASSWORD": "", "KAFKA_PASSWORD_FILE": str(path)}
    settings = KafkaSettings.from_environment(environ)
    assert settings.client_options()["sasl_plain_password"] == "hunter2"
    path.write_text("hunter3", encoding="utf-8")
    assert settings.client_options()["sasl_plain_password"] == "hunter3"


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe"])
def test_a_password_file_that_holds_none_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "password"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match=r"KAFKA_PASSWORD_FILE=.*password (cannot be read|is empty)"):
        KafkaSettings.from_environment({**SASL, "KAFKA_PASSWORD_FILE": str(path)})


def test_no_secret_is_printed() -> None:
    assert "hunter2" not in repr(KafkaSettings.from_environment(SASL))
    mongo = MongoSettings.from_environment({"MONGODB_URI": "mongodb://ann:hunter2@h:1/?x=y"})
    assert "hunter2" not in repr(mongo)
    assert mongo.address == "h:1"


@pytest.mark.parametrize(
    "uri",
    [
        "mongodb://ann:hunt@er2@h:1/", "mongodb://ann:hunt/er2@h:1/", "mongodb://ann:hunt:er2@h:1",
        "mongodb://ann:hunt?er2@h:1/", "mongodb+srv://ann:hunt%er2@h/", "mongodb://a@nn:hunter2@h:1/?x=y",
    ],
)  # fmt: skip
def test_a_password_that_a_uri_cannot_hold_is_to_be_encoded_and_is_not_shown(uri: str) -> None:
    with pytest.raises(SettingsError, match="MONGODB_URI: percent-encode the user and the password: @ is %40") as said:
        MongoSettings.from_environment({"MONGODB_URI": uri})
    assert not any(part in str(said.value) for part in ("hunt", "er2", "ann"))
    assert "hunt" not in MongoSettings(uri=uri).address


@pytest.mark.parametrize(
    ("uri", "address"),
    [
        ("mongodb://h:1", "h:1"), ("mongodb://ann:hunt%40er2@h:1,i:2/db?authSource=x", "h:1,i:2"),
        ("mongodb://[::1]:27017/", "[::1]:27017"), ("mongodb://u@h/?readPreferenceTags=dc:x", "h"),
    ],
)  # fmt: skip
def test_a_uri_that_is_right_is_taken(uri: str, address: str) -> None:
    assert MongoSettings.from_environment({"MONGODB_URI": uri}).address == address


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
        (
            {"KAFKA_BOOTSTRAP": "a:1", "SEGUE_TOPIC_PARTITIONS": "0"},
            "'0' is not a whole number of at least 1",
        ),
        ({"KAFKA_BOOTSTRAP": ","}, "KAFKA_BOOTSTRAP=',' names no broker"),
        ({"KAFKA_BOOTSTRAP": "a:1,kafka"}, "KAFKA_BOOTSTRAP: 'kafka' is not host:port"),
        (
            {"KAFKA_BOOTSTRAP": "a:1,kafka://ann:hunter2@b:2"},
            "KAFKA_BOOTSTRAP: brokers have no scheme: leave out kafka:// and write b:2$",
        ),
        ({"KAFKA_BOOTSTRAP": "a:99999"}, "KAFKA_BOOTSTRAP: 'a:99999'"),
        ({**SASL, "KAFKA_SASL_MECHANISM": "GSSAPI"}, "KAFKA_SASL_MECHANISM='GSSAPI': use PLAIN, "),
        ({**SASL, "KAFKA_CA_FILE": "/nowhere/ca.crt"}, "KAFKA_CA_FILE=/nowhere/ca.crt is not a file .*: No such file"),
        ({**SASL, "KAFKA_CA_FILE": __file__}, "KAFKA_CA_FILE=.* is not a file of PEM certificates"),
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
