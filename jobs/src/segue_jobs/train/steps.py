"""The phases of a training run: each is timed, logged and shown as a metric; none starts if the program must stop."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Gauge

from segue_core.errors import ProgramError

logger = logging.getLogger(__name__)

PHASES = (
    "read-ranges", "start-spark", "load", "publish", "read-back", "scale", "choose", "fit", "assign", "measure",
    "promote",
)  # fmt: skip

_PHASE = Gauge("segue_train_phase", "1 for the current phase.", ["phase"])
_SECONDS = Gauge("segue_train_phase_seconds", "Duration of a finished phase.", ["phase"])


class Steps:
    """Runs one phase after another."""

    def __init__(self, stopping: threading.Event) -> None:
        self._stopping = stopping
        for phase in PHASES:
            _PHASE.labels(phase).set(0)

    @contextmanager
    def phase(self, name: str) -> Iterator[dict[str, object]]:
        """Time a phase; the content of the yielded dictionary is logged with it.

        Raises
        ------
        ProgramError
            The program must stop.
        """
        if self._stopping.is_set():
            raise ProgramError(f"stopped before phase {name!r}; a retry will publish the model")
        started = time.monotonic()
        figures: dict[str, object] = {}
        _PHASE.labels(name).set(1)
        logger.info("phase started", extra={"phase": name})
        try:
            yield figures
        except Exception as error:
            if self._stopping.is_set():  # Spark's jobs were cancelled and did not fail
                raise ProgramError(f"stopped in phase {name!r}; a retry will publish the model") from error
            raise
        finally:
            _PHASE.labels(name).set(0)
        seconds = time.monotonic() - started
        _SECONDS.labels(name).set(seconds)
        logger.info("phase finished", extra={"phase": name, "seconds": round(seconds, 2), **figures})
