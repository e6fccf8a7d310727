"""How a program starts and ends: signals, exit code, termination summary, metrics.

A program is a function of its arguments and a `Program`. `run` calls it and reports what happened as
`segue_core.contract` demands: an exit code for the Job's podFailurePolicy, and a summary in the termination message.
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

from pymongo.errors import ConnectionFailure, PyMongoError

from segue_core.contract import ExitCode
from segue_core.contract.commandline import Arguments
from segue_core.contract.environment import SettingsError
from segue_core.contract.termination import Summary
from segue_core.contract.wording import without_frames
from segue_core.errors import ProgramError
from segue_core.observability.http import serve
from segue_core.observability.logging import configure_logging
from segue_core.observability.pulse import Pulse
from segue_core.settings import ProgramSettings
from segue_core.store.database_errors import explain

logger = logging.getLogger(__name__)

ArgumentsT = TypeVar("ArgumentsT", bound=Arguments)


@dataclass(frozen=True)
class Program:
    """What a program receives besides its arguments."""

    settings: ProgramSettings
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set by SIGTERM or SIGINT: finish the current track, flush, exit."""
    ready: threading.Event = field(default_factory=threading.Event)
    """Set while the program is working; shown on the readiness path."""
    pulse: Pulse = field(default_factory=Pulse)
    """Heartbeat of the program's loop; shown on the liveness path."""


@dataclass(frozen=True)
class Termination:
    """How a program ended."""

    summary: Summary
    exit_code: ExitCode = ExitCode.DONE


def leave_summary(settings: ProgramSettings, summary: Summary) -> None:
    """Write the termination message; if that fails, the work is done all the same."""
    try:
        settings.termination_log.write_text(summary.encode(), encoding="utf-8")
    except OSError as error:
        logger.warning("cannot write the termination message: %s", error)


def start_metrics(
    settings: ProgramSettings, ready: threading.Event, pulse: Pulse, details: Callable[[], Sequence[str]] = tuple
) -> None:
    """Serve the metrics and the probes.

    Parameters
    ----------
    details
        Lines that the readiness probe's answer adds.

    Raises
    ------
    ProgramError
        The port is in use.
    """
    try:
        serve(settings.metrics_port, ready, pulse, details)
    except OSError as error:
        raise ProgramError(
            f"cannot serve metrics on port {settings.metrics_port}: {error.strerror or error}"
        ) from error


def run(
    arguments_type: type[ArgumentsT],
    main: Callable[[ArgumentsT, Program], Termination],
    argv: Sequence[str] | None = None,
) -> int:
    """Run a program and return its exit code; whatever happens, leave a termination summary.

    Returns
    -------
    int
        An `ExitCode`; an unexpected exception is logged with its traceback and asks for a retry.
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
    termination = _run_to_end(arguments, main, program)
    leave_summary(settings, termination.summary)
    return termination.exit_code


def _run_to_end(
    arguments: ArgumentsT, main: Callable[[ArgumentsT, Program], Termination], program: Program
) -> Termination:
    try:
        start_metrics(program.settings, program.ready, program.pulse)
        return main(arguments, program)
    except ProgramError as error:
        logger.error("%s", error)  # noqa: TRY400 - a message for people; the traceback would hide it
        return Termination(Summary(error=str(error)), error.exit_code)
    except SettingsError as error:
        logger.error("%s", error)  # noqa: TRY400
        return Termination(Summary(error=str(error)), ExitCode.CONFIGURATION)
    except PyMongoError as error:
        logger.error("the database failed: %s", explain(error))  # noqa: TRY400 - the driver's text is for programs
        code = ExitCode.OUTAGE if isinstance(error, ConnectionFailure) else ExitCode.RETRY
        return Termination(Summary(error=f"the database failed: {explain(error)}"), code)
    except Exception as error:
        logger.exception("unexpected failure")
        return Termination(Summary(error=without_frames(f"{type(error).__name__}: {error}")), ExitCode.RETRY)


def _stop_on_signals(program: Program) -> None:
    def stop(signum: int, _frame: FrameType | None) -> None:
        logger.info("stopping", extra={"signal": signal.Signals(signum).name})
        program.stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
