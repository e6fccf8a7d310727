"""Counts requests without a valid key, so that nobody can try keys at any speed."""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Callable
from time import monotonic

MAXIMUM_FAILURES = 10
WINDOW_SECONDS = 60.0
_ADDRESSES = 10_000


class FailureLimit:
    """At most 10 failures a minute and address; the addresses that failed longest ago are forgotten first.

    Only failures count, and a valid key always passes: behind a proxy, one client with an old key must not lock out the
    others. Guessing gains nothing from that, because a key has 256 random bits.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()

    def fail(self, address: str) -> int | None:
        """Note a failure; return the seconds to wait if there were too many, else None."""
        now = self._clock()
        times = self._failures.setdefault(address, deque(maxlen=MAXIMUM_FAILURES))
        self._failures.move_to_end(address)
        if len(self._failures) > _ADDRESSES:
            self._failures.popitem(last=False)
        if len(times) == MAXIMUM_FAILURES and now - times[0] < WINDOW_SECONDS:
            return max(1, math.ceil(WINDOW_SECONDS - (now - times[0])))
        times.append(now)
        return None
