"""Where a packet lies in a track, from timestamps that may be missing, jump, or begin again. No I/O."""

from __future__ import annotations

_BACKWARDS_SECONDS = 0.5
_FORWARDS_SECONDS = 60.0


class Timeline:
    """Positions in ticks since the first packet's timestamp 0.

    A chained stream (one recording after the other in one file) counts from 0 again in each part; there, and after
    an absurd jump, positions continue where they were.

    Parameters
    ----------
    ticks_per_second
        Unit of the timestamps.
    """

    def __init__(self, ticks_per_second: float) -> None:
        self._backwards = _BACKWARDS_SECONDS * ticks_per_second
        self._forwards = _FORWARDS_SECONDS * ticks_per_second
        self.offset = 0
        """What is added to a timestamp."""
        self.end: int | None = None
        """Where the last packet ends; None before the first."""
        self.is_continuous = True
        """Whether every packet had a timestamp, and none jumped."""

    def place(self, timestamp: int | None, duration: int) -> int:
        """Where a packet begins."""
        if timestamp is None:
            self.is_continuous = False
            at = self.end or 0
        else:
            at = timestamp + self.offset
            if self.end is not None and not -self._backwards <= at - self.end <= self._forwards:
                self.is_continuous = False
                self.offset = self.end - timestamp
                at = self.end
        self.end = at + duration if self.end is None else max(self.end, at + duration)
        return at
