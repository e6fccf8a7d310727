"""A worker process: what runs in it, and the program's end of its pipe.

Every process has its own pipe, so that it is always known which request a process was working on when it died; with a
shared queue it would not be.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext

from segue_core.contract import Engine, Reason, Stage
from segue_core.contract.wording import shorten
from segue_jobs.extract.analyse import Request, Result
from segue_jobs.extract.memory import limit_memory
from segue_jobs.extract.worker_output import StandardError, speak_through
from segue_jobs.listing.listed_tracks import Problem

_PATIENCE_SECONDS = 5.0
_GONE = (EOFError, OSError)


@dataclass(frozen=True)
class Work:
    """What a worker process does; sent to it when it starts."""

    engine: Engine
    analyse: Callable[[Request], Result]
    prepare: Callable[[Engine], None]
    memory_bytes: int | None
    """How much memory a process may allocate for its tracks, in addition to what it has loaded."""


@dataclass(frozen=True)
class Failure:
    """An exception that no analysis should raise."""

    problem: Problem
    trace: str


class _Ready:
    """The first message from a process."""


Answer = Result | Failure


@dataclass
class Task:
    """A request, and how often it has been started."""

    request: Request
    attempts: int = 0


@dataclass(frozen=True)
class Ended:
    """How a process ended, and what it did not finish."""

    how: str
    last_words: str
    """The last lines of its standard error."""
    in_hand: Task | None
    not_begun: list[Task]


def serve(pipe: Connection, errors: Connection, work: Work) -> None:
    """Answer requests one by one, until the program at the other end of the pipe is gone."""
    speak_through(pipe, errors)
    for ignored in (signal.SIGTERM, signal.SIGINT):  # the program handles them, and waits for tracks in progress
        signal.signal(ignored, signal.SIG_IGN)
    work.prepare(work.engine)
    if work.memory_bytes is not None:
        limit_memory(work.memory_bytes)
    with contextlib.suppress(*_GONE):
        pipe.send(_Ready())
        while True:
            pipe.send(_answer(pipe.recv(), work))


def _answer(request: Request, work: Work) -> Answer:
    try:
        return work.analyse(request)
    except MemoryError:
        limit = "" if work.memory_bytes is None else f" of {work.memory_bytes >> 20} MB"
        message = f"the analysis needs more than a worker's memory{limit}: choose a shorter window, or raise the limit"
        return Problem(Stage.ANALYSE, Reason.TOO_LARGE, message)
    except Exception as error:  # noqa: BLE001 - it concerns this track alone, and is logged
        message = shorten(f"{type(error).__name__}: {error}", 500)
        return Failure(Problem(Stage.ANALYSE, Reason.CRASHED, message), traceback.format_exc())


class WorkerProcess:
    """The program's side of a worker process."""

    def __init__(self, context: ForkServerContext, work: Work) -> None:
        """Start the process.

        Raises
        ------
        OSError, EOFError
            The fork server cannot create a process.
        """
        self.pipe, theirs = context.Pipe()
        errors, their_errors = context.Pipe(duplex=False)
        self._errors = StandardError(errors)
        ends = (theirs, their_errors)
        self._process = context.Process(target=serve, args=(*ends, work), name="segue-worker", daemon=True)
        try:
            self._process.start()
        finally:
            for end in ends:
                end.close()
        self._tasks: deque[Task] = deque()
        self._begun = time.monotonic()
        self.ready = False
        self.gone = False
        """Whether the process has closed its end of the pipe, which means that it has ended."""

    @property
    def waiting(self) -> int:
        """Number of requests that it has not answered yet."""
        return len(self._tasks)

    @property
    def busy_seconds(self) -> float:
        """How long the current request has taken so far; 0 if there is none."""
        return time.monotonic() - self._begun if self._tasks else 0.0

    def give(self, task: Task) -> None:
        """Send a request; the process starts it at once, or after the current one."""
        if not self._tasks:
            self._begun = time.monotonic()
        self._tasks.append(task)
        try:
            self.pipe.send(task.request)
        except OSError:  # it has died; its current request is handled when its pipe is read
            self.gone = True

    def answers(self) -> Iterator[tuple[Task, Answer]]:
        """Answers that have arrived; updates `ready` and `gone`."""
        try:
            while self.pipe.poll():
                message = self.pipe.recv()
                if isinstance(message, logging.LogRecord):
                    logging.getLogger(message.name).handle(message)
                    continue
                self._begun = time.monotonic()
                if isinstance(message, _Ready):
                    self.ready = True
                else:
                    self._errors.drain()
                    yield self._tasks.popleft(), message
        except _GONE:
            self.gone = True

    def reap(self) -> Ended:
        """Kill the process unless it has ended, and collect what it left."""
        if not self.gone:
            self._process.kill()
        self._process.join(_PATIENCE_SECONDS)
        code = self._process.exitcode
        how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        tasks = list(self._tasks)
        ended = Ended(how, self._errors.last_words(), tasks[0] if tasks else None, tasks[1:])
        self._close_pipes()
        return ended

    def close(self) -> None:
        """Let an idle process end by itself; kill a busy one."""
        self._close_pipes()
        if not self._tasks and self.ready:
            self._process.join(_PATIENCE_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join(_PATIENCE_SECONDS)

    def _close_pipes(self) -> None:
        self.pipe.close()
        self._errors.close()
