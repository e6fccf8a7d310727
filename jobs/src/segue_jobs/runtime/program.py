"""How a program starts and ends: signals, exit code, termination summary, metrics.

A program is a function of its arguments and a `Program`; `run` gives it both and turns what happens into the contract
of `segue_jobs.contract`: an exit code for the Job's podFailurePolicy and a summary in the termination message.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import TypeVar

from segue_jobs.commandline import Arguments
from segue_jobs.contract import ExitCode
from segue_jobs.runtime.http import serve
from segue_jobs.runtime.logging import configure_logging
from segue_jobs.runtime.settings import ProgramSettings, SettingsError
from segue_jobs.summary import Summary

logger = logging.getLogger(__name__)

ArgumentsT = TypeVar("ArgumentsT", bound=Arguments)


class ProgramError(Exception):
    """A failure with a message for people; ``exit_code`` says whether a retry can help."""

    exit_code = ExitCode.RETRY


class ConfigurationError(ProgramError):
    """Arguments, environment or a named file are wrong: do not retry."""

    exit_code = ExitCode.CONFIGURATION


class UnrecoverableError(ProgramError):
    """The input can never succeed: do not retry this shard or run."""

    exit_code = ExitCode.UNRECOVERABLE


@dataclass(frozen=True)
class Program:
    """What a running program is given besides its arguments."""

    settings: ProgramSettings
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set by SIGTERM or SIGINT: finish the current track, flush, leave."""
    ready: threading.Event = field(default_factory=threading.Event)
    """Set while the program does its work; shown on the readiness path."""


@dataclass(frozen=True)
class Outcome:
    """How a program ended."""

    summary: Summary
    exit_code: ExitCode = ExitCode.DONE


def leave_summary(settings: ProgramSettings, summary: Summary) -> None:
    """Write the termination message; a missing folder is no reason to fail the work that is done."""
    try:
        settings.termination_log.write_text(summary.encode(), encoding="utf-8")
    except OSError as error:
        logger.warning("no termination message: %s", error)


def start_metrics(settings: ProgramSettings, ready: threading.Event) -> None:
    """Serve the metrics and the probes.

    Raises
    ------
    ProgramError
        The port is taken.
    """
    try:
        serve(settings.metrics_port, ready)
    except OSError as error:
        raise ProgramError(f"cannot serve metrics on port {settings.metrics_port}: {error}") from error


def run(
    arguments_type: type[ArgumentsT],
    main: Callable[[ArgumentsT, Program], Outcome],
    argv: Sequence[str] | None = None,
) -> int:
    """Run a program to its exit code; whatever happens, a termination summary is left.

    Returns
    -------
    int
        An `ExitCode`; an unexpected exception is logged with its traceback and is a retry.
    """
    arguments = arguments_type.parse(argv)
    try:
        settings = ProgramSettings.from_environment()
    except SettingsError as error:
        sys.stderr.write(f"error: {error}\n")
        return ExitCode.CONFIGURATION
    configure_logging(settings.log_format, settings.log_level)
    program = Program(settings)
    _stop_on_signals(program)
    outcome = _run_to_outcome(arguments, main, program)
    leave_summary(settings, outcome.summary)
    return outcome.exit_code


def _run_to_outcome(arguments: ArgumentsT, main: Callable[[ArgumentsT, Program], Outcome], program: Program) -> Outcome:
    try:
        start_metrics(program.settings, program.ready)
        return main(arguments, program)
    except ProgramError as error:
        logger.error("%s", error)  # noqa: TRY400 - a message for people; the traceback would hide it
        return Outcome(Summary(error=str(error)), error.exit_code)
    except SettingsError as error:
        logger.error("%s", error)  # noqa: TRY400
        return Outcome(Summary(error=str(error)), ExitCode.CONFIGURATION)
    except Exception as error:
        logger.exception("unexpected failure")
        return Outcome(Summary(error=f"{type(error).__name__}: {error}"), ExitCode.RETRY)


def _stop_on_signals(program: Program) -> None:
    def stop(signum: int, _frame: FrameType | None) -> None:
        logger.info("stopping", extra={"signal": signal.Signals(signum).name})
        program.stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
