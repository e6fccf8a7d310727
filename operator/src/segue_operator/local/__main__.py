"""The command line ``segue``: kubectl's words for one machine."""

from __future__ import annotations

import argparse
import errno
import logging
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from segue_jobs.runtime.settings import SettingsError
from segue_operator.controller.cluster import UnavailableError
from segue_operator.local.commandline import Command, Invocation, Parser, make_console, write_error
from segue_operator.local.commands import SUMMARIES, load_command
from segue_operator.local.errors import CommandError, CommandExit
from segue_operator.local.java import LocalError
from segue_operator.local.state import State

STATE_VARIABLE = "SEGUE_STATE"
DEFAULT_STATE = ".segue"
_DISK_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})
_DISK_HINT = "make room or name another folder with --state DIR, then run the same command again; what is stored stays"
_DESCRIPTION = "Music recommendations from your own audio: the same manifests as on Kubernetes, run on this machine."


def build_parser(wanted: Mapping[str, Command]) -> argparse.ArgumentParser:
    """Parser of all commands; only the wanted ones get their arguments."""
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
    for name, summary in SUMMARIES.items():
        command = wanted.get(name)
        examples = "\n".join(f"  {example}" for example in command.examples) if command else ""
        child = parsers.add_parser(
            name,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}.",
            epilog=f"examples:\n{examples}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            parents=[shared],
        )
        if command:
            command.add_arguments(child)
    return parser


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextmanager
def _disk_explained(root: Path) -> Iterator[None]:
    """A disk that takes no more is the user's to mend, not a defect to trace."""
    try:
        yield
    except UnavailableError as error:
        raise CommandError(str(error), _DISK_HINT) from error
    except OSError as error:
        if error.errno not in _DISK_ERRORS:
            raise
        raise CommandError(f"cannot write to {error.filename or root}: {error.strerror}", _DISK_HINT) from error


def _run(command: Command, call: Invocation) -> int:
    try:
        with _disk_explained(call.state.root):
            return command.run(call)
    except CommandError as error:
        write_error(str(error), error.hint)
        return error.exit_code
    except LocalError as error:
        write_error(str(error))
        return CommandExit.FAILED
    except SettingsError as error:
        write_error(str(error))
        return CommandExit.USAGE
    except KeyboardInterrupt:
        write_error("interrupted")
        return CommandExit.INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) has seen enough: flushing at exit must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CommandExit.OK


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    wanted = {name: load_command(name) for name in SUMMARIES if name in given}
    parser = build_parser(wanted)
    if not given:
        parser.print_help()
        return CommandExit.USAGE
    arguments = parser.parse_args(given)
    state = getattr(arguments, "state", None) or os.environ.get(STATE_VARIABLE) or DEFAULT_STATE
    call = Invocation(arguments, State(Path(state)), make_console(), make_console(stderr=True), os.environ)
    logging.raiseExceptions = False  # a log that cannot be written must not fill the terminal
    logging.getLogger().addHandler(logging.NullHandler())  # what a library logs is no part of the answer
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        return _run(wanted[arguments.command], call)
    finally:
        signal.signal(signal.SIGTERM, before)


if __name__ == "__main__":
    sys.exit(main())
