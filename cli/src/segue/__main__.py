"""The command line ``segue``: kubectl's words for one machine."""

from __future__ import annotations

import errno
import io
import logging
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from cyclopts import App, CycloptsError

from segue.application import build_app
from segue.commandline import write_error
from segue.commands import COMMANDS, command_of, commands_below
from segue.errors import DISK_HINT, CommandError, CommandExit, LocalError
from segue.extras import missing_extra
from segue.usage import explain

_DISK_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        _escape_unencodable(stream)
    app = build_app(os.environ)
    if not given:
        app.meta.help_print([])
        return CommandExit.USAGE
    logging.raiseExceptions = False  # a log that cannot be written must not fill the terminal
    logging.getLogger().addHandler(logging.NullHandler())  # what a library logs is not part of the answer
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        return _run(app, given)
    finally:
        signal.signal(signal.SIGTERM, before)


def _escape_unencodable(stream: object) -> None:
    """Let a terminal or pipe that cannot show a title's characters get them as escapes, not an error."""
    if isinstance(stream, io.TextIOWrapper) and not stream.encoding.lower().startswith("utf"):
        stream.reconfigure(errors="backslashreplace")


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _run(app: App, given: Sequence[str]) -> int:
    try:
        with _explained(given):
            code = app.meta(given)
            return code if isinstance(code, int) else CommandExit.OK  # help and version return nothing
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


@contextmanager
def _explained(given: Sequence[str]) -> Iterator[None]:
    """Turn what others raise into errors with a way out."""
    start = next((place for place, word in enumerate(given) if word in COMMANDS), len(given))
    command = command_of(given[start:])
    try:
        yield
    except CycloptsError as error:
        raise explain(error, commands_below(command) or COMMANDS, " ".join(("segue", *command, "--help"))) from error
    except ImportError as error:
        explained = missing_extra(error, " ".join(command))
        if explained is None:
            raise
        raise explained from error
    except OSError as error:
        if error.errno not in _DISK_ERRORS:
            if error.filename is None or error.strerror is None:
                raise
            raise CommandError(
                f"cannot use {os.fsdecode(error.filename)}: {error.strerror}",
                "check its permissions and the folders above",
            ) from error
        raise CommandError(f"cannot write to {error.filename or 'the disk'}: {error.strerror}", _disk_hint()) from error


def _disk_hint() -> str:
    """The way out; output that goes to a full disk or device needs another one than data."""
    try:
        sys.stdout.flush()
    except OSError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 - for the rest of the process
        return "this is where the output goes: send it elsewhere"
    return DISK_HINT


if __name__ == "__main__":
    sys.exit(main())
