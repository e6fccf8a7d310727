"""Which records the broker has not acknowledged, and when to send them again. No I/O, no clock, no locks.

When a client gives up on a record, a new client replaces it. Each client has a generation, so that late reports of old
clients can be told apart: a late acknowledgement counts, a late failure does not.
"""

from __future__ import annotations

from dataclasses import dataclass

from segue_core.contract.backoff import Backoff

BACKOFF = Backoff(first_seconds=0.5, longest_seconds=10.0)


@dataclass(frozen=True, slots=True)
class Message:
    """An encoded record."""

    topic: str
    key: bytes
    value: bytes

    @property
    def size(self) -> int:
        """Bytes of key and value."""
        return len(self.key) + len(self.value)


class Deliveries:
    """Tracks the records that were handed to a client but not acknowledged, in the order of their first sending.

    Parameters
    ----------
    silence_seconds
        A client that reports neither success nor failure for this long has lost its records.
    """

    def __init__(self, silence_seconds: float, now: float) -> None:
        self._silence_seconds = silence_seconds
        self._messages: dict[int, Message] = {}
        self._next_number = 0
        self._last_success = now
        self._first_attempt = now
        """First attempt of the current outage."""
        self._last_attempt = now
        self._retry_at: float | None = None
        """None while the client is trusted."""
        self._attempts = 0
        self._sent_again_before = 0
        """The last attempt sent all numbers below this one again."""
        self.generation = 0
        self.bytes = 0
        self.failures = 0
        """Failed deliveries since the start."""
        self.error: BaseException | None = None
        """Why the last delivery failed."""

    def __len__(self) -> int:
        return len(self._messages)

    def add(self, message: Message, now: float) -> int:
        """Add a record; return its number."""
        if not self._messages:
            self._last_success = now  # patience starts with the first record that waits
        number = self._next_number
        self._next_number += 1
        self._messages[number] = message
        self.bytes += message.size
        return number

    def acknowledge(self, number: int, now: float) -> None:
        """The broker has acknowledged a record; a second acknowledgement (of one sent twice) changes nothing."""
        message = self._messages.pop(number, None)
        if message is None:
            return
        self.bytes -= message.size
        self._last_success = now
        if self._attempts and next(iter(self._messages), self._next_number) >= self._sent_again_before:
            self._attempts = 0

    def fail(self, generation: int, number: int, error: BaseException, now: float) -> bool:
        """A client has given up on a record; return False if the client is an old one, or the record has arrived."""
        if generation != self.generation or number not in self._messages:
            return False
        self.failures += 1
        self.distrust(error, now)
        return True

    def distrust(self, error: BaseException, now: float) -> None:
        """The client is no longer usable: schedule an attempt with a new one."""
        self.error = error
        if self._retry_at is None:
            self._retry_at = now + BACKOFF.pause(self._attempts + 1)

    def seconds_to_retry(self, now: float) -> float | None:
        """How long until a new client should send the records again: 0 for now, None while all is well."""
        if self._retry_at is not None:
            return max(self._retry_at - now, 0.0)
        silent = now - max(self._last_success, self._last_attempt)
        return 0.0 if self._messages and silent > self._silence_seconds else None

    def begin_attempt(self, now: float) -> int:
        """A new client takes over; return its generation."""
        if self._attempts == 0:
            self._first_attempt = now
        self._attempts += 1
        self._last_attempt = now
        self._retry_at = None
        self._sent_again_before = self._next_number
        self.generation += 1
        return self.generation

    def outstanding(self) -> list[tuple[int, Message]]:
        """All records that are not acknowledged, with their numbers."""
        return list(self._messages.items())

    def seconds_waited(self, now: float) -> float:
        """How long nothing has been acknowledged, counted from the first attempt to recover if there was one."""
        return now - max(self._last_success, self._first_attempt) if self._messages else 0.0
