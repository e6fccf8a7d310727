"""However a program ends, it leaves an exit code and a summary."""

import json
from pathlib import Path

import pytest

from segue_jobs.contract import ExitCode, SinkArguments
from segue_jobs.runtime.program import ConfigurationError, Outcome, Program, ProgramError, UnrecoverableError, run
from segue_jobs.runtime.settings import SettingsError
from segue_jobs.summary import Summary


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
        (KeyError("bug"), ExitCode.RETRY, "KeyError: 'bug'"),
    ],
)
def test_a_failure_becomes_its_exit_code_and_summary(
    termination: Path, error: Exception, code: ExitCode, message: str
) -> None:
    def main(arguments: SinkArguments, program: Program) -> Outcome:
        raise error

    assert run(SinkArguments, main, []) == code
    assert json.loads(termination.read_text(encoding="utf-8")) == {"error": message}


def test_a_wrong_environment_is_a_configuration_error(
    termination: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SEGUE_LOG_LEVEL", "LOUD")
    assert run(SinkArguments, lambda *_: Outcome(Summary()), []) == ExitCode.CONFIGURATION
    assert "SEGUE_LOG_LEVEL" in capsys.readouterr().err


def test_a_termination_log_that_cannot_be_written_fails_no_work(
    termination: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEGUE_TERMINATION_LOG", str(termination.parent / "missing" / "log"))
    assert run(SinkArguments, lambda *_: Outcome(Summary()), []) == ExitCode.DONE
