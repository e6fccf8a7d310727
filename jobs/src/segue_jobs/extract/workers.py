"""One process per core: a track that hangs or crashes its process affects no other track."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import cast

from segue_core.contract import Engine, Reason, Stage
from segue_core.errors import ProgramError
from segue_jobs.extract.analyse import Request, Result, analyse_file
from segue_jobs.extract.engine import warm_up
from segue_jobs.extract.forking import start_fork_server
from segue_jobs.extract.worker_process import Ended, Failure, Task, Work, WorkerProcess
from segue_jobs.listing.listed_tracks import Problem

logger = logging.getLogger(__name__)

ATTEMPTS = 2
_FRUITLESS_STARTS = 4
_QUEUED_PER_WORKER = 2
"""One in progress and one waiting: enough to keep a worker busy, and little to finish after SIGTERM."""
_LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Workers:
    """A pool that analyses requests."""

    count: int
    engine: Engine
    timeout_seconds: float
    memory_bytes: int | None = None
    """How much memory a process may allocate for its tracks; None for no limit."""
    analyse: Callable[[Request], Result] = analyse_file
    """Handles a request; it must be picklable, as must its result."""
    prepare: Callable[[Engine], None] = warm_up
    """What a new process does first."""

    def run(self, requests: Iterable[Request], stopping: threading.Event) -> Iterator[tuple[Request, Result]]:
        """Results as they arrive; each worker has at most two requests.

        If ``stopping`` is set, requests in progress are finished and the others get no result.

        Raises
        ------
        ProgramError
            The processes cannot be started, or die before they do any work.
        """
        pool = _Pool(self, requests, stopping)
        try:
            yield from pool.results()
        finally:
            pool.close()


class _Pool:
    """The processes of one run, and their remaining tasks."""

    def __init__(self, workers: Workers, requests: Iterable[Request], stopping: threading.Event) -> None:
        self._settings = workers
        self._work = Work(workers.engine, workers.analyse, workers.prepare, workers.memory_bytes)
        self._stopping = stopping
        self._left = deque(Task(request) for request in requests)
        self._context = start_fork_server()
        self._workers: list[WorkerProcess] = []
        self._fruitless = 0

    def results(self) -> Iterator[tuple[Request, Result]]:
        while self._unfinished():
            self._start_missing()
            self._fill()
            for worker in self._heard():
                for task, answer in worker.answers():
                    self._fruitless = 0
                    yield task.request, _result(task, answer)
                yield from self._look_after(worker)

    def close(self) -> None:
        for worker in self._workers:
            worker.close()

    def _unfinished(self) -> bool:
        if self._stopping.is_set():
            self._left = deque(task for task in self._left if task.attempts)
        return bool(self._left) or any(worker.waiting for worker in self._workers)

    def _start_missing(self) -> None:
        """Start missing processes, but no more than there are requests."""
        under_way = sum(worker.waiting for worker in self._workers)
        wanted = min(self._settings.count, len(self._left) + under_way)
        while len(self._workers) < wanted:
            try:
                self._workers.append(WorkerProcess(self._context, self._work))
            except (OSError, EOFError) as error:
                self._count_fruitless(f"{type(error).__name__}: {error}")

    def _fill(self) -> None:
        """Give each process a request, and a second one if more than one round remains."""
        for depth in range(1, _QUEUED_PER_WORKER + 1):
            for worker in self._workers:
                scarce = depth > 1 and len(self._left) <= len(self._workers)
                if worker.ready and not worker.gone and worker.waiting < depth and self._left and not scarce:
                    worker.give(self._left.popleft())

    def _heard(self) -> list[WorkerProcess]:
        """Processes that have sent something, or have been silent for too long."""
        timeout = self._settings.timeout_seconds
        longest = max((worker.busy_seconds for worker in self._workers), default=0.0)
        pipes = {worker.pipe: worker for worker in self._workers}
        heard = [
            pipes[cast("Connection", pipe)]
            for pipe in wait(list(pipes), min(_LOOK_SECONDS, max(0.0, timeout - longest)))
        ]
        return heard + [worker for worker in self._workers if worker not in heard and worker.busy_seconds > timeout]

    def _look_after(self, worker: WorkerProcess) -> Iterator[tuple[Request, Result]]:
        """Remove a process that has died or hangs; yield its track's result, unless the track is tried again."""
        late = worker.busy_seconds > self._settings.timeout_seconds
        if not worker.gone and not late:
            return
        self._workers.remove(worker)
        died = worker.gone
        ended = worker.reap()
        self._left.extendleft(reversed(ended.not_begun))
        if ended.in_hand is None:
            self._count_fruitless(ended.how, ended.last_words)
        elif not died:
            message = f"the analysis did not finish within {self._settings.timeout_seconds:g} s"
            yield ended.in_hand.request, Problem(Stage.ANALYSE, Reason.TIMED_OUT, message)
        else:
            yield from self._try_again(ended.in_hand, ended)

    def _try_again(self, task: Task, ended: Ended) -> Iterator[tuple[Request, Result]]:
        task.attempts += 1
        again = task.attempts < ATTEMPTS
        logger.warning(
            "a worker died; trying its track again" if again else "a worker died again; rejecting its track",
            extra={"track": task.request.track_id, "how": ended.how, "last_words": ended.last_words},
        )
        if again:
            self._left.appendleft(task)
            return
        message = (
            f"the process that analysed it died {task.attempts} times ({ended.how}): "
            "the file may be damaged, or the memory limit too low"
        )
        yield task.request, Problem(Stage.ANALYSE, Reason.CRASHED, message)

    def _count_fruitless(self, how: str, last_words: str = "") -> None:
        self._fruitless += 1
        logger.warning("a worker ended before it did any work", extra={"how": how, "last_words": last_words})
        if self._fruitless >= _FRUITLESS_STARTS:
            raise ProgramError(
                f"the worker processes end before they do any work ({how}): look for the reason in the log above, "
                "and check the memory limit"
            )


def _result(task: Task, answer: Result | Failure) -> Result:
    if not isinstance(answer, Failure):
        return answer
    logger.error("analysing a track failed unexpectedly", extra={"track": task.request.track_id, "trace": answer.trace})
    return answer.problem
