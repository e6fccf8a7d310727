"""The work queue: a key waits once, is processed by one worker, and returns if it was added meanwhile."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar

from segue_core.contract.backoff import Backoff

RETRY_BACKOFF = Backoff(first_seconds=1.0, longest_seconds=300.0, jitter=0.2)
"""After failures of a resource's passes, and of a watch."""

KeyT = TypeVar("KeyT", bound=Hashable)


class QueueMetrics(Protocol):
    """What the queue reports about itself."""

    def queue_depth(self, keys: int) -> None:
        """Number of keys that are waiting for a worker."""
        ...

    def queue_latency(self, seconds: float) -> None:
        """How long a key waited for a worker."""
        ...

    def queue_retry(self) -> None:
        """A key was put back after a failure."""
        ...


class WorkQueue(Generic[KeyT]):
    """Keyed, de-duplicating, delayed and rate-limited queue for the workers of one event loop.

    Parameters
    ----------
    random
        Uniform numbers in [0, 1) for the jitter of retries.
    metrics
        Receives depth, latency and retries.
    backoff
        Delays after failures.
    """

    def __init__(
        self, *, random: Callable[[], float], metrics: QueueMetrics | None = None, backoff: Backoff = RETRY_BACKOFF
    ) -> None:
        self._random = random
        self._backoff = backoff
        self._metrics = metrics
        self._waiting: deque[KeyT] = deque()
        self._added_at: dict[KeyT, float] = {}
        self._processing: set[KeyT] = set()
        self._again: set[KeyT] = set()
        self._failures: dict[KeyT, int] = {}
        self._timers: dict[KeyT, asyncio.TimerHandle] = {}
        self._getters: deque[asyncio.Future[None]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def is_idle(self) -> bool:
        """Whether no key is waiting or being processed; delayed keys do not count."""
        return not (self._waiting or self._processing)

    def add(self, key: KeyT) -> None:
        """Process the key as soon as a worker is free: once, however often it is added before that."""
        if key in self._processing:
            self._again.add(key)
            return
        if key in self._added_at:
            return
        self._added_at[key] = asyncio.get_running_loop().time()
        self._waiting.append(key)
        self._show_depth()
        self._wake()

    def add_after(self, key: KeyT, seconds: float) -> None:
        """Add the key after a delay; the shortest of several delays counts."""
        if seconds <= 0:
            self.add(key)
            return
        loop = asyncio.get_running_loop()
        pending = self._timers.get(key)
        if pending is not None:
            if pending.when() <= loop.time() + seconds:
                return
            pending.cancel()
        self._timers[key] = loop.call_later(seconds, self._fire, key)

    def add_failed(self, key: KeyT, *, first_at_once: bool = False, at_least_seconds: float = 0.0) -> float:
        """Add the key after its back-off, which grows with each call until `forget`.

        Parameters
        ----------
        key
            What failed.
        first_at_once
            Retry the first failure in a row at once, because the cluster has changed.
        at_least_seconds
            Delay that the server asked for.

        Returns
        -------
        float
            The delay in seconds.
        """
        self._failures[key] = failures = self._failures.get(key, 0) + 1
        seconds = 0.0 if first_at_once and failures == 1 else self._backoff.pause(failures, self._random)
        seconds = max(seconds, at_least_seconds)
        self.add_after(key, seconds)
        if self._metrics:
            self._metrics.queue_retry()
        return seconds

    def forget(self, key: KeyT) -> None:
        """Processing the key succeeded: its next failure starts with the shortest back-off."""
        self._failures.pop(key, None)

    async def get(self) -> KeyT:
        """Wait for a key; the worker must call `done` with it."""
        while not self._waiting:
            getter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._getters.append(getter)
            try:
                await getter
            except asyncio.CancelledError:
                if getter.done() and not getter.cancelled():
                    self._wake()  # pass this wake-up on to a worker that still waits
                raise
        key = self._waiting.popleft()
        self._processing.add(key)
        waited = asyncio.get_running_loop().time() - self._added_at.pop(key)
        self._show_depth()
        if self._metrics:
            self._metrics.queue_latency(waited)
        return key

    def done(self, key: KeyT) -> None:
        """The worker has finished with the key."""
        self._processing.discard(key)
        if key in self._again:
            self._again.discard(key)
            self.add(key)

    def close(self) -> None:
        """Cancel what is delayed."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _fire(self, key: KeyT) -> None:
        del self._timers[key]
        self.add(key)

    def _wake(self) -> None:
        while self._getters:
            getter = self._getters.popleft()
            if not getter.done():
                getter.set_result(None)
                return

    def _show_depth(self) -> None:
        if self._metrics:
            self._metrics.queue_depth(len(self._waiting))
