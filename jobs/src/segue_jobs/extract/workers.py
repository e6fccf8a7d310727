"""One process a core: a track that hangs or kills its process is that track's problem alone."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from pebble import ProcessExpired, ProcessPool

from segue_jobs.contract import Engine, Reason, Stage
from segue_jobs.extract.analyse import Request, Result, analyse_file
from segue_jobs.extract.engine import engine, warm_up
from segue_jobs.listing.model import Problem
from segue_jobs.runtime.program import ProgramError

logger = logging.getLogger(__name__)

ATTEMPTS = 2
_FRUITLESS_POOLS = 3
_QUEUED_PER_WORKER = 2
"""One in work and one waiting: enough to keep a worker busy, and few to finish after SIGTERM."""
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def initialise_worker(prepare: Callable[[Engine], None], kind: Engine) -> None:
    """Make a new process ready: loaded, warm, and left alone by a SIGTERM to the whole group.

    The program itself reacts to SIGTERM and lets the workers finish their tracks; a worker whose program is gone ends
    at the end of its pipe.
    """
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    prepare(kind)


@dataclass(frozen=True)
class Workers:
    """A pool that analyses requests."""

    count: int
    engine: Engine
    timeout_seconds: float
    analyse: Callable[[Request], Result] = analyse_file
    """What is done with a request; it and its result are pickled."""
    prepare: Callable[[Engine], None] = warm_up
    """What a new process does first."""

    def run(self, requests: Iterable[Request], stopping: threading.Event) -> Iterator[tuple[Request, Result]]:
        """Results as they come; at most two requests a worker are under way.

        Ends early when ``stopping`` is set: what is under way is finished, the others have no result.

        Raises
        ------
        ProgramError
            The processes die although they have nothing to do.
        """
        for name in _ONE_THREAD:
            os.environ.setdefault(name, "1")  # read by the libraries when a worker loads them
        engine(self.engine)
        left, fruitless = list(requests), 0
        while left and fruitless < _FRUITLESS_POOLS and not stopping.is_set():
            run = _PoolRun(self, left, stopping)
            yield from run.results()
            fruitless = fruitless + 1 if len(run.left) == len(left) else 0
            left = run.left
        if not left or stopping.is_set():
            return
        raise ProgramError(
            "the worker processes end before they do any work: see the log above for the reason, "
            "and check the memory limit"
        )


class _PoolRun:
    """The life of one pool."""

    def __init__(self, workers: Workers, requests: Iterable[Request], stopping: threading.Event) -> None:
        self._workers = workers
        self._stopping = stopping
        self._waiting = list(reversed(list(requests)))
        self._running: dict[Future[Result], tuple[Request, int]] = {}
        self._broken: list[Request] = []

    @property
    def left(self) -> list[Request]:
        """Requests without a result."""
        return [*self._broken, *reversed(self._waiting)]

    def results(self) -> Iterator[tuple[Request, Result]]:
        pool = ProcessPool(
            max_workers=self._workers.count,
            initializer=initialise_worker,
            initargs=(self._workers.prepare, self._workers.engine),
            context=multiprocessing.get_context("spawn"),  # this process has threads: a fork would copy their locks
        )
        try:
            self._fill(pool)
            while self._running:
                done, _ = wait(self._running, timeout=0.5, return_when=FIRST_COMPLETED)
                for future in done:
                    request, attempt = self._running.pop(future)
                    result = self._result(pool, future, request, attempt)
                    if result is not None:
                        yield request, result
                self._fill(pool)
        finally:
            pool.stop()  # type: ignore[no-untyped-call]
            pool.join()

    def _fill(self, pool: ProcessPool) -> None:
        while self._waiting and len(self._running) < self._workers.count * _QUEUED_PER_WORKER:
            if self._stopping.is_set() or self._broken:
                break
            self._schedule(pool, self._waiting.pop(), 1)

    def _schedule(self, pool: ProcessPool, request: Request, attempt: int) -> None:
        try:
            future = pool.schedule(self._workers.analyse, args=(request,), timeout=self._workers.timeout_seconds)
        except RuntimeError:  # the pool broke since the last look at it
            self._broken.append(request)
        else:
            self._running[future] = request, attempt

    def _result(self, pool: ProcessPool, future: Future[Result], request: Request, attempt: int) -> Result | None:
        """Result of a finished future; None if the request is tried again."""
        error = future.exception()
        if error is None:
            return future.result()
        if isinstance(error, BrokenProcessPool):
            self._broken.append(request)
            return None
        if isinstance(error, TimeoutError):
            message = f"not finished within {self._workers.timeout_seconds:g} s"
            return Problem(Stage.ANALYSE, Reason.TIMED_OUT, message)
        if isinstance(error, ProcessExpired):
            if attempt < ATTEMPTS and not self._broken:
                logger.warning("a worker died, its track is tried again", extra={"track": request.track_id})
                self._schedule(pool, request, attempt + 1)
                return None
            how = f"signal {-error.exitcode}" if error.exitcode < 0 else f"exit code {error.exitcode}"
            message = f"its process died {attempt} times ({how}): the file may be damaged, or the memory limit too low"
            return Problem(Stage.ANALYSE, Reason.CRASHED, message)
        logger.error("a track fails unexpectedly", exc_info=error, extra={"track": request.track_id})
        return Problem(Stage.ANALYSE, Reason.CRASHED, f"{type(error).__name__}: {error}"[:500])
