"""Threads for work that takes processor time, and a short queue before them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from segue_api.problems import Problem, ProblemError

T = TypeVar("T")


class Workers:
    """Runs calls on as many threads as there are cores; what would wait too long is refused at once.

    Parameters
    ----------
    threads
        Calls that run at the same time.
    queue
        Calls that may wait.
    """

    def __init__(self, threads: int, queue: int) -> None:
        self._limiter = CapacityLimiter(threads)
        self._queue = queue

    @property
    def waiting(self) -> int:
        """Calls that wait for a thread."""
        return self._limiter.statistics().tasks_waiting

    async def run(self, call: Callable[[], T]) -> T:
        """Result of the call.

        Raises
        ------
        ProblemError
            Too many calls are waiting.
        """
        if self.waiting >= self._queue:
            raise ProblemError(
                Problem.BUSY, f"{self._queue} requests are waiting already; send this one again later", retry_after=1
            )
        return await to_thread.run_sync(call, limiter=self._limiter)
