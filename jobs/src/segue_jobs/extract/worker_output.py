"""Brings the output of a worker process into the program's log.

Log records travel through the worker's pipe. Lines that libraries write to standard error (libmpg123 about damaged
frames, an allocator before it aborts) go through a second pipe, so that the log contains only complete records.
"""

from __future__ import annotations

import logging
import os
from collections import deque
from logging.handlers import QueueHandler
from multiprocessing.connection import Connection
from queue import SimpleQueue

from segue_core.contract.wording import shorten

logger = logging.getLogger(__name__)

_STANDARD_ERROR = 2
_READ_BYTES = 1 << 16
_LONGEST_LINE = 500
_LAST_LINES = 5


def speak_through(pipe: Connection, errors: Connection) -> None:
    """Send this process's log records and its standard error to the program.

    A busy program must not block the worker: if the second pipe is full, output is dropped.
    """
    os.set_blocking(errors.fileno(), False)
    os.dup2(errors.fileno(), _STANDARD_ERROR)
    errors.close()
    logging.basicConfig(handlers=[_ThroughPipe(pipe)], force=True)


class _ThroughPipe(logging.Handler):
    """Sends records that the standard library has prepared for pickling."""

    def __init__(self, pipe: Connection) -> None:
        super().__init__()
        self._pipe = pipe
        self._made_ready = QueueHandler(SimpleQueue()).prepare

    def emit(self, record: logging.LogRecord) -> None:
        self._pipe.send(self._made_ready(record))


class StandardError:
    """The program's end of a worker's standard error: logs its lines at debug level and keeps the last ones."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._lines: deque[str] = deque(maxlen=_LAST_LINES)
        os.set_blocking(pipe.fileno(), False)

    def drain(self) -> None:
        """Read what has been written so far."""
        while data := self._read():
            for line in data.decode("utf-8", "replace").splitlines():
                if text := shorten(line.strip(), _LONGEST_LINE):
                    logger.debug("standard error of a worker", extra={"line": text})
                    self._lines.append(text)

    def last_words(self) -> str:
        """The last lines before the process ended."""
        self.drain()
        return "\n".join(self._lines)

    def close(self) -> None:
        """Close the pipe."""
        self._pipe.close()

    def _read(self) -> bytes:
        try:
            return os.read(self._pipe.fileno(), _READ_BYTES)
        except BlockingIOError:
            return b""
