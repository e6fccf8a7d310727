"""However a program ends, it leaves an exit code and a summary."""

import json
from pathlib import Path

import pytest
from pymongo.errors import AutoReconnect, OperationFailure

from segue_core.contract import ExitCode, SinkArguments
from segue_core.contract.environment import SettingsError
from segue_core.contract.termination import Summary
from segue_core.errors import ConfigurationError, OutageError, ProgramError, UnrecoverableError
from segue_core.program import Program, Termination, run


@pytest.fixture
def termination(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the summary goes."""
    path = tmp_path / "termination.json"
    monkeypatch.setenv("SEGUE_TERMINATION_LOG", str(path))
    monkeypatch.setenv("SEGUE_METRICS_PORT", "0")
    monkeypatch.setattr("signal.signal", lambda *_: None)
    return path


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (ProgramError("later"), ExitCode.RETRY, "later"),
        (ConfigurationError("wrong path"), ExitCode.CONFIGURATION, "wrong path"),
        (UnrecoverableError("lost"), ExitCode.UNRECOVERABLE, "lost"),
        (SettingsError("no variable"), ExitCode.CONFIGURATION, "no variable"),
        (
            OperationFailure("conflict, full error: {'hash': b'\\x00'}", 96),
            ExitCode.RETRY,
            "the database failed: conflict (code 96)",
        ),
        (OutageError("Kafka does not answer"), ExitCode.OUTAGE, "Kafka does not answer"),
        (AutoReconnect("closed"), ExitCode.OUTAGE, "the database failed: it does not answer (closed)"),
        (KeyError("bug"), ExitCode.RETRY, "KeyError: 'bug'"),
    ],
)
def test_a_failure_becomes_its_exit_code_and_summary(
    termination: Path, error: Exception, code: ExitCode, message: str
) -> None:
    def main(arguments: SinkArguments, program: Program) -> Termination:
        raise error

    assert run(SinkArguments, main, []) == code
    assert json.loads(termination.read_text(encoding="utf-8")) == {"error": message}


def test_a_wrong_environment_is_a_configuration_error(
    termination: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SEGUE_LOG_LEVEL", "LOUD")
    assert run(SinkArguments, lambda *_: Termination(Summary()), []) == ExitCode.CONFIGURATION
    assert "SEGUE_LOG_LEVEL" in capsys.readouterr().err


def test_a_termination_log_that_cannot_be_written_does_not_fail_the_work(
    termination: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEGUE_TERMINATION_LOG", str(termination.parent / "missing" / "log"))
    assert run(SinkArguments, lambda *_: Termination(Summary()), []) == ExitCode.DONE
