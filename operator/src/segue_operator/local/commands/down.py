"""``segue down``: end the process that owns the state, and with it its servers and jobs."""

from __future__ import annotations

import argparse
import os
import signal
import time

from segue_operator.local.commandline import Command, Invocation
from segue_operator.local.errors import CommandError, CommandExit


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--timeout", type=float, default=60.0, metavar="SECONDS", help="how long to wait (default: 60)")


def _run(call: Invocation) -> int:
    owner = call.state.owner()
    if owner is None:
        call.console.print(f"nothing is running in {call.state.root}")
        return CommandExit.OK
    if owner.pid <= 0:
        raise CommandError(f"{call.state.root} is held by a process that did not leave its id", "try again in a second")
    try:
        os.kill(owner.pid, signal.SIGTERM)
    except ProcessLookupError:
        pass  # it ended meanwhile
    except PermissionError as error:
        raise CommandError(
            f"process {owner.pid} ({owner.command}) belongs to another user", "end it as that user"
        ) from error
    deadline = time.monotonic() + call.arguments.timeout
    while call.state.owner() is not None:
        if time.monotonic() > deadline:
            raise CommandError(
                f"process {owner.pid} ({owner.command}) did not end within {call.arguments.timeout:g} s",
                f"its children end with it, however it ends: kill -9 {owner.pid}",
            )
        time.sleep(0.1)
    call.console.print(f"ended process {owner.pid} ({owner.command}); the data stays in {call.state.root}")
    return CommandExit.OK


COMMAND = Command(
    examples=["segue down"],
    add_arguments=_add_arguments,
    run=_run,
)
