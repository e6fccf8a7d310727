"""Structured logs: one line per event, as JSON for machines or text for people."""

from __future__ import annotations

import json
import logging
import math
import sys
import threading
from collections import Counter
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from time import monotonic

_CLIENT_LIBRARIES = ("kafka", "pymongo")
_SECONDS_BETWEEN = 1.0
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def _fields(record: logging.LogRecord) -> dict[str, object]:
    return {key: value for key, value in vars(record).items() if key not in _STANDARD}


class JsonFormatter(logging.Formatter):
    """One JSON object per line, with the message and the fields from ``extra``."""

    def format(self, record: logging.LogRecord) -> str:
        """Render one record."""
        entry: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str, ensure_ascii=False)


class TextFormatter(logging.Formatter):
    """``time level message  key=value ...`` for a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Render one record."""
        time = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        fields = "".join(f"  {key}={value}" for key, value in _fields(record).items())
        text = f"{time} {record.levelname.lower():7} {record.getMessage()}{fields}"
        return f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text


class OneOfAKind(logging.Filter):
    """Passes one record of each kind at a time; the next one counts in ``suppressed`` those left out.

    A kind is a place in the code that logs, so the number of kinds is bounded. The filter applies to the named loggers
    and their children; records of other loggers pass.

    Parameters
    ----------
    names
        First parts of the loggers' names.
    seconds
        How long a kind is silent after a record.
    together
        Whether all records are one kind.
    """

    def __init__(
        self,
        names: Collection[str],
        clock: Callable[[], float] = monotonic,
        *,
        seconds: float = _SECONDS_BETWEEN,
        together: bool = False,
    ) -> None:
        super().__init__()
        self._names = frozenset(names)
        self._clock = clock
        self._seconds = seconds
        self._together = together
        self._lock = threading.Lock()
        self._passed_at: dict[tuple[str, int, int], float] = {}
        self._suppressed: Counter[tuple[str, int, int]] = Counter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record passes; if so, note on it how many did not."""
        if record.name.partition(".")[0] not in self._names:
            return True
        kind = ("", 0, 0) if self._together else (record.pathname, record.lineno, record.levelno)
        now = self._clock()
        with self._lock:
            if now - self._passed_at.get(kind, -math.inf) < self._seconds:
                self._suppressed[kind] += 1
                return False
            self._passed_at[kind] = now
            suppressed = self._suppressed.pop(kind, 0)
        if suppressed:
            record.suppressed = suppressed
        return True


def configure_logging(log_format: str, level: str) -> None:
    """Send all logs to standard error in one format; client libraries log only warnings, and not too many."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if log_format == "json" else TextFormatter())
    handler.addFilter(OneOfAKind(_CLIENT_LIBRARIES))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for library in _CLIENT_LIBRARIES:
        logging.getLogger(library).setLevel(max(logging.WARNING, logging.getLevelName(level)))
