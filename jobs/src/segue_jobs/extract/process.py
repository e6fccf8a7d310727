"""One worker process: what runs in it, and the program's end of its pipe.

Every process has a pipe of its own. So it is certain which request a process had in hand when it died, which a queue
shared by all cannot tell.
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

from segue_jobs.contract import Engine, Reason, Stage
from segue_jobs.extract.analyse import Request, Result
from segue_jobs.extract.memory import limit_memory
from segue_jobs.extract.worker_output import StandardError, speak_through
from segue_jobs.listing.model import Problem

_PATIENCE_SECONDS = 5.0
_GONE = (EOFError, OSError)


@dataclass(frozen=True)
class Work:
    """What a worker process is for; sent to it when it starts."""

    engine: Engine
    analyse: Callable[[Request], Result]
    prepare: Callable[[Engine], None]
    memory_bytes: int | None
    """How much memory a process may take for its tracks, beside what it has loaded."""


@dataclass(frozen=True)
class Failure:
    """An exception that no analysis should raise."""

    problem: Problem
    trace: str


class _Ready:
    """The first message of a process."""


Answer = Result | Failure


@dataclass
class Task:
    """A request and how often it was begun."""

    request: Request
    attempts: int = 0


@dataclass(frozen=True)
class Ended:
    """How a process ended, and what it left undone."""

    how: str
    last_words: str
    """The last lines that it wrote to standard error."""
    in_hand: Task | None
    not_begun: list[Task]


def serve(pipe: Connection, errors: Connection, work: Work) -> None:
    """Answer one request after the other, until the program at the pipe's other end is gone."""
    speak_through(pipe, errors)
    for ignored in (signal.SIGTERM, signal.SIGINT):  # the program reacts to them, and lets tracks be finished
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
        message = f"analysing it takes more than a worker's memory{limit}: choose a shorter window, or raise the limit"
        return Problem(Stage.ANALYSE, Reason.TOO_LARGE, message)
    except Exception as error:  # noqa: BLE001 - it is this track's, and goes to the log
        message = f"{type(error).__name__}: {error}"[:500]
        return Failure(Problem(Stage.ANALYSE, Reason.CRASHED, message), traceback.format_exc())


class WorkerProcess:
    """The program's side of a worker process."""

    def __init__(self, context: ForkServerContext, work: Work) -> None:
        """Start it.

        Raises
        ------
        OSError, EOFError
            The fork server cannot make a process.
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
        """Whether the process has closed its end of the pipe, which it does only by ending."""

    @property
    def waiting(self) -> int:
        """Requests that it was given and has not answered."""
        return len(self._tasks)

    @property
    def busy_seconds(self) -> float:
        """How long the request in hand has taken so far; 0 without one."""
        return time.monotonic() - self._begun if self._tasks else 0.0

    def give(self, task: Task) -> None:
        """Hand a request over; it is begun at once or after the one in hand."""
        if not self._tasks:
            self._begun = time.monotonic()
        self._tasks.append(task)
        try:
            self.pipe.send(task.request)
        except OSError:  # it has died: what it had in hand is counted when its pipe is read
            self.gone = True

    def answers(self) -> Iterator[tuple[Task, Answer]]:
        """What has come; sets `ready` and `gone`."""
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

    def bury(self) -> Ended:
        """End the process, unless it has ended by itself."""
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
        """Let an idle process end by itself; a busy one is killed."""
        self._close_pipes()
        if not self._tasks and self.ready:
            self._process.join(_PATIENCE_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join(_PATIENCE_SECONDS)

    def _close_pipes(self) -> None:
        self.pipe.close()
        self._errors.close()
