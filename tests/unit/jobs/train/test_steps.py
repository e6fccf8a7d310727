"""The phases of a run."""

import logging
import threading

import pytest
from prometheus_client import REGISTRY

from segue_core.errors import ProgramError
from segue_jobs.train.steps import Steps


def value(name: str, phase: str) -> float | None:
    return REGISTRY.get_sample_value(name, {"phase": phase})


def test_running_phase_is_shown_and_its_duration_kept(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with Steps(threading.Event()).phase("load") as figures:
        assert value("segue_train_phase", "load") == 1
        figures["tracks"] = 3
    assert value("segue_train_phase", "load") == 0
    assert value("segue_train_phase_seconds", "load") is not None
    assert caplog.records[-1].__dict__["tracks"] == 3


def test_failed_phase_does_not_stay_shown() -> None:
    with pytest.raises(ZeroDivisionError), Steps(threading.Event()).phase("fit"):
        _ = 1 / 0
    assert value("segue_train_phase", "fit") == 0


def test_failure_after_a_stop_is_the_stop() -> None:
    stopping = threading.Event()

    def fail() -> None:
        with Steps(stopping).phase("fit"):
            stopping.set()
            _ = 1 / 0

    with pytest.raises(ProgramError, match="stopped in phase 'fit'"):
        fail()


def test_a_stopping_program_starts_no_phase() -> None:
    stopping = threading.Event()
    stopping.set()
    with pytest.raises(ProgramError, match="stopped before phase 'load'"), Steps(stopping).phase("load"):
        pytest.fail("the phase ran")
