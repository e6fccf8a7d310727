"""Errors that end a program; each has its exit code."""

from __future__ import annotations

from segue_core.contract import ExitCode


class ProgramError(Exception):
    """A failure with a message for people; ``exit_code`` says whether a retry can help."""

    exit_code = ExitCode.RETRY


class OutageError(ProgramError):
    """Kafka, MongoDB or the audio folder went away: it is not the program's fault, and it will pass."""

    exit_code = ExitCode.OUTAGE


class ConfigurationError(ProgramError):
    """The arguments, the environment or a named file is wrong: do not retry."""

    exit_code = ExitCode.CONFIGURATION


class UnrecoverableError(ProgramError):
    """The shard or run can never succeed with its input: do not retry it."""

    exit_code = ExitCode.UNRECOVERABLE
