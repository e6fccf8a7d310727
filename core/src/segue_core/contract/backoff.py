"""Pauses between attempts, so that whoever does not answer is not asked all the time."""

from __future__ import annotations

import random as chance
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_MOST_DOUBLINGS = 64  # a power too large for a float would raise


@dataclass(frozen=True)
class Backoff:
    """Each pause is twice as long as the one before, up to a limit; iterating yields the pauses without end."""

    first_seconds: float
    longest_seconds: float
    jitter: float = 0.0
    """Largest part of a pause that chance may leave out, so that many retries do not coincide."""

    def pause(self, failures: int, random: Callable[[], float] = chance.random) -> float:
        """Seconds to wait after a number of failures in a row; 0 after none.

        Parameters
        ----------
        random
            Gives uniform numbers in [0, 1).
        """
        if failures < 1:
            return 0.0
        seconds = min(self.first_seconds * 2.0 ** min(failures - 1, _MOST_DOUBLINGS), self.longest_seconds)
        return seconds * (1.0 - self.jitter * random())

    def __iter__(self) -> Iterator[float]:
        failures = 0
        while True:
            failures += 1
            yield self.pause(failures)
