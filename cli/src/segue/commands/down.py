"""``segue down``: stop the processes that run resources or serve, and with them their servers and jobs."""

from __future__ import annotations

import os
import signal
import time
from typing import Annotated

from cyclopts import Parameter

from segue.commandline import Call, Invocation
from segue.errors import CommandError, CommandExit
from segue.locks import Holder


def run(
    *,
    timeout: Annotated[float, Parameter(metavar="SECONDS", help="how long to wait until it has ended")] = 60.0,
    call: Call,
) -> int:
    """Send SIGTERM to the processes that work in the state directory, and wait until they have ended."""
    locks = (call.state.service_lock, call.state.cluster_lock)
    working = [(lock, holder) for lock in locks if (holder := lock.holder()) is not None]
    if not working:
        call.console.print(f"nothing is running in {call.state.root}")
        return CommandExit.OK
    for _, holder in working:
        _ask_to_end(call, holder)
    deadline = time.monotonic() + timeout
    for lock, holder in working:
        while lock.holder() == holder:
            if time.monotonic() > deadline:
                raise CommandError(
                    f"{holder} did not end within {timeout:g} s",
                    f"kill it, which also ends its children: kill -9 {holder.pid}",
                )
            time.sleep(0.1)
        call.console.print(f"ended {holder}; the data stays in {call.state.root}")
    return CommandExit.OK


def _ask_to_end(call: Invocation, holder: Holder) -> None:
    if holder.pid <= 0:
        raise CommandError(
            f"{call.state.root} is in use by a process that has not written its id yet", "try again in a second"
        )
    try:
        os.kill(holder.pid, signal.SIGTERM)
    except ProcessLookupError:
        pass  # it has just ended
    except PermissionError as error:
        raise CommandError(f"{holder} belongs to another user", "end it as that user") from error
