"""A heartbeat of a program's main loop, and the end of a process whose loop hangs."""

from __future__ import annotations

import faulthandler
import time

LONGEST_PAUSE_SECONDS = 300.0
"""A loop that has not completed a round for this long hangs in a call that never returns."""


class Pulse:
    """Beats once per round of the main loop. If it stops, the process exits with code 1, which asks for a retry.

    First, the stack of each thread goes to standard error, so that the log shows where the loop hangs. A program that
    never beats, because its work has an end, is never stopped.
    """

    def __init__(self, longest_pause_seconds: float = LONGEST_PAUSE_SECONDS) -> None:
        self._longest_pause = longest_pause_seconds
        self._last: float | None = None

    @property
    def is_alive(self) -> bool:
        """Whether the loop completed a round recently, or never beat at all."""
        return self._last is None or time.monotonic() - self._last < self._longest_pause / 2

    def beat(self) -> None:
        """The loop begins another round."""
        self._last = time.monotonic()
        faulthandler.dump_traceback_later(self._longest_pause, exit=True)

    def rest(self) -> None:
        """The loop has ended normally."""
        self._last = None
        faulthandler.cancel_dump_traceback_later()
