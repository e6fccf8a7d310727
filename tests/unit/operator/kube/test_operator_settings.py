"""The operator's environment and command line."""

from __future__ import annotations

import pytest

from segue_operator.children.environment import ConfigError
from segue_operator.kube.__main__ import Exit, main
from segue_operator.kube.operator_settings import Settings

LEAST = {"KAFKA_BOOTSTRAP": "kafka:9092"}


def test_defaults() -> None:
    settings = Settings.from_environment(LEAST)
    assert settings.namespaces == ()
    assert settings.http_port == 8080
    assert settings.resync_seconds == 300
    assert settings.log_level == "INFO"


def test_namespaces_are_a_list_without_repetition() -> None:
    assert Settings.from_environment(LEAST | {"SEGUE_WATCH_NAMESPACES": " a, b,a ,"}).namespaces == ("a", "b")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SEGUE_WATCH_NAMESPACES", "Music"),
        ("SEGUE_WATCH_NAMESPACES", "a/../b"),
        ("SEGUE_HTTP_PORT", "http"),
        ("SEGUE_HTTP_PORT", "65536"),
        ("SEGUE_WORKERS", "0"),
        ("SEGUE_RESYNC_SECONDS", "1"),
        ("SEGUE_LOG_LEVEL", "LOUD"),
        ("KAFKA_BOOTSTRAP", ""),
    ],
)
def test_what_is_wrong_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        Settings.from_environment(LEAST | {name: value})


def test_a_wrong_environment_is_its_own_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("KAFKA_BOOTSTRAP", raising=False)
    assert main([]) == Exit.CONFIGURATION
    assert "KAFKA_BOOTSTRAP" in capsys.readouterr().err


def test_check_prints_settings_and_no_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP", "kafka:9092")
    monkeypatch.setenv("KAFKA_PASSWORD", "hunter2")
    monkeypatch.setenv("MONGODB_URI", "mongodb://root:hunter2@db")
    assert main(["--check"]) == Exit.STOPPED
    printed = capsys.readouterr().out
    assert "kafka:9092" in printed
    assert "hunter2" not in printed


def test_help_names_exit_codes_and_variables(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    for word in ("SEGUE_WATCH_NAMESPACES", "exit codes", "KUBECONFIG"):
        assert word in text
