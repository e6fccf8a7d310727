"""The command line ``segue``: kubectl's words for one machine."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from segue_operator.local.commandline import Command, Invocation, Parser, make_console, write_error
from segue_operator.local.commands import COMMANDS
from segue_operator.local.errors import CommandError, CommandExit
from segue_operator.local.java import LocalError
from segue_operator.local.state import State

STATE_VARIABLE = "SEGUE_STATE"
DEFAULT_STATE = ".segue"
_DESCRIPTION = "Music recommendations from your own audio: the same manifests as on Kubernetes, run on this machine."


def build_parser(commands: Sequence[Command] = COMMANDS) -> argparse.ArgumentParser:
    """Parser of all commands."""
    shared = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    shared.add_argument(
        "--state", type=Path, metavar="DIR", help=f"state directory (default: {DEFAULT_STATE}, or ${STATE_VARIABLE})"
    )
    parser = Parser(
        prog="segue",
        description=_DESCRIPTION,
        parents=[shared],
        epilog="segue COMMAND --help shows an example of each.",
    )
    parsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, title="commands")
    for command in commands:
        examples = "\n".join(f"  {example}" for example in command.examples)
        child = parsers.add_parser(
            command.name,
            help=command.summary,
            description=f"{command.summary[0].upper()}{command.summary[1:]}.",
            epilog=f"examples:\n{examples}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            parents=[shared],
        )
        command.add_arguments(child)
    return parser


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _run(command: Command, call: Invocation) -> int:
    try:
        return command.run(call)
    except CommandError as error:
        write_error(str(error), error.hint)
        return error.exit_code
    except LocalError as error:
        write_error(str(error))
        return CommandExit.FAILED
    except KeyboardInterrupt:
        write_error("interrupted")
        return CommandExit.INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) has seen enough: flushing at exit must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CommandExit.OK


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = build_parser().parse_args(argv)
    signal.signal(signal.SIGTERM, _interrupt)
    given = getattr(arguments, "state", None) or os.environ.get(STATE_VARIABLE) or DEFAULT_STATE
    call = Invocation(arguments, State(Path(given)), make_console(), make_console(stderr=True), os.environ)
    command = next(command for command in COMMANDS if command.name == arguments.command)
    return _run(command, call)


if __name__ == "__main__":
    sys.exit(main())
