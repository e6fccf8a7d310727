"""Waits until the sink has stored everything that was sent before the verification began."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from kafka.errors import KafkaError

from segue_core.broker.consumer_group import ConsumerGroup
from segue_core.broker.kafka_client import explain
from segue_core.errors import OutageError, ProgramError
from segue_core.settings import KafkaSettings
from segue_jobs.verify.group import SinkGroup
from segue_jobs.verify.standstill import (
    Offsets,
    lag_by_topic,
    remaining,
    silence_message,
    standstill_message,
)

logger = logging.getLogger(__name__)

_SECONDS_BETWEEN = 0.25
_SECONDS_BETWEEN_DESCRIPTIONS = 2.0
_SECONDS_BETWEEN_LINES = 10.0


class Group(Protocol):
    """What the wait needs to know about the sink's group."""

    name: str
    bootstrap: str

    def committed(self) -> Offsets | None:
        """Committed offsets; None if the broker does not know them yet."""

    def described(self) -> ConsumerGroup | None:
        """State and members; None if the broker does not know them yet."""


def wait_for_sink(settings: KafkaSettings, stall_seconds: float, stopping: threading.Event) -> None:
    """Wait until the sink's group has committed everything that is on the topics now.

    Raises
    ------
    ProgramError
        The sink made no progress for ``stall_seconds``, the broker does not answer, a topic is missing, or the
        program must stop. A retry may help.
    """
    with SinkGroup(settings) as group:
        try:
            group.find_partitions(settings)
            SinkWait(group, group.ends(), group.starts(), stall_seconds).run(stopping)
        except (KafkaError, TimeoutError) as error:
            raise OutageError(
                f"cannot read the offsets of {settings.topic_prefix!r} from Kafka at {settings.bootstrap}: "
                f"{explain(error)}"
            ) from error


class SinkWait:
    """One wait for the sink: its progress, the time of the last progress, and what was logged."""

    def __init__(
        self,
        group: Group,
        ends: Offsets,
        starts: Offsets,
        stall_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._group = group
        self._ends, self._starts = ends, starts
        self._stall_seconds = stall_seconds
        self._clock = clock
        self._progress_at = self._answered_at = clock()
        self._least: int | None = None
        self._seen: ConsumerGroup | None = None
        self._described_at = self._told_at = float("-inf")
        self._told: ConsumerGroup | None = None

    def run(self, stopping: threading.Event) -> None:
        """Wait until nothing remains; raises ProgramError like `wait_for_sink`."""
        lags: Offsets = remaining(self._ends, self._starts, {})
        while lags:
            committed = self._group.committed()
            if committed is not None:
                self._answered_at = self._clock()
                lags = self._advance(remaining(self._ends, self._starts, committed))
                if not lags:
                    return
            self._describe()
            self._tell(lags)
            if self._clock() - self._progress_at >= self._stall_seconds:
                raise ProgramError(self._reason(lags))
            if stopping.wait(_SECONDS_BETWEEN):
                raise ProgramError("stopped while waiting for the sink")

    def _advance(self, lags: Offsets) -> Offsets:
        total = sum(lags.values())
        if self._least is None or total < self._least:
            self._least, self._progress_at = total, self._clock()
        return lags

    def _describe(self) -> None:
        now = self._clock()
        if now - self._described_at >= _SECONDS_BETWEEN_DESCRIPTIONS:
            self._described_at = now
            self._seen = self._group.described()

    def _tell(self, lags: Offsets) -> None:
        """Log a line when the group has changed, and also from time to time."""
        now = self._clock()
        if self._seen == self._told and now - self._told_at < _SECONDS_BETWEEN_LINES:
            return
        self._told, self._told_at = self._seen, now
        found = self._seen
        fields = {
            "group": self._group.name,
            "state": found.state if found else "unknown",
            "members": list(found.members.values()) if found else [],
            "lag": lag_by_topic(lags),
            "seconds_since_progress": round(now - self._progress_at, 1),
        }
        logger.info("waiting for the sink", extra=fields)

    def _reason(self, lags: Offsets) -> str:
        silent = self._clock() - self._answered_at
        if silent >= min(self._stall_seconds, _SECONDS_BETWEEN_LINES):
            return silence_message(self._group.bootstrap, silent)
        return standstill_message(lags, self._group.name, self._seen, self._stall_seconds)
