"""The sink's loop: read a batch, store it, commit its offsets; in this order, whatever happens."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass

from segue_jobs.contract import SinkArguments
from segue_jobs.sink.batch import Batch
from segue_jobs.sink.metrics import SinkMetrics
from segue_jobs.sink.reader import Reader
from segue_jobs.sink.store import Store, StoreUnavailableError
from segue_jobs.sink.write import Outcome

logger = logging.getLogger(__name__)

_IDLE_SECONDS = 0.5
"""How long an empty batch waits for its first record, and so how long a stop may wait."""
_STAY_SECONDS = 1.0
"""How often a sink that waits for its database shows the group that it lives."""
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 15.0


@dataclass(frozen=True)
class Sink:
    """One sink: its reader, its store, and how it shows and ends its work."""

    reader: Reader
    store: Store
    arguments: SinkArguments
    metrics: SinkMetrics
    stopping: threading.Event
    ready: threading.Event

    def run(self) -> None:
        """Work until stopped; the batch in hand is finished first.

        Raises
        ------
        ProgramError
            The database cannot be used at all (see `Store.write`).
        """
        while not self.stopping.is_set():
            batch = self._collect()
            if batch:
                self._store(batch)
            elif self.reader.has_uncommitted:
                self._commit(batch)
            if not self.ready.is_set() and self.reader.is_settled:
                self.ready.set()
            self.metrics.show_lag(self.reader.lag(Batch()))
        self.ready.clear()

    def _collect(self) -> Batch:
        batch, deadline = Batch(), float("inf")
        while not self.stopping.is_set() and (room := self.arguments.batch_records - len(batch)) > 0:
            seconds = min(_IDLE_SECONDS, deadline - time.monotonic()) if batch else _IDLE_SECONDS
            if seconds <= 0:
                break
            self.reader.read(batch, records=room, seconds=seconds)
            if not batch:
                break
            if deadline == float("inf"):
                deadline = time.monotonic() + self.arguments.linger_milliseconds / 1000
        return batch

    def _store(self, batch: Batch) -> None:
        start, pause = time.monotonic(), _FIRST_PAUSE_SECONDS
        while batch:
            records = len(batch)
            try:
                outcomes = self.store.write(batch.writes())
            except StoreUnavailableError as error:
                self._report_outage(error, records, pause)
                if not self._wait(batch, pause):
                    return
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
                continue
            for (topic, outcome), count in outcomes.items():
                self.metrics.count(self.reader.topic(topic), outcome, count)
                if outcome in (Outcome.MALFORMED, Outcome.REFUSED):
                    logger.warning("records rejected", extra={"topic": topic, "outcome": outcome, "records": count})
            self.metrics.batch_records.observe(records)
            self.metrics.batch_seconds.observe(time.monotonic() - start)
            self._commit(batch)
            break

    def _report_outage(self, error: StoreUnavailableError, records: int, pause: float) -> None:
        self.ready.clear()
        self.metrics.store_failures.inc()
        logger.error(
            "MongoDB did not take a batch; nothing is committed, it is tried again: %s",
            error,
            extra={"records": records, "pause_seconds": pause},
        )

    def _wait(self, batch: Batch, seconds: float) -> bool:
        """Stay in the group until the next attempt; False when the sink is to stop instead."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if self.stopping.wait(min(left, _STAY_SECONDS)):
                logger.warning(
                    "stopping without the batch in hand; the next sink reads it again", extra={"records": len(batch)}
                )
                return False
            self.reader.stay(batch)
            self.metrics.show_lag(self.reader.lag(batch))
        return True

    def _commit(self, batch: Batch) -> None:
        if self.reader.commit(batch):
            self.metrics.last_commit.set_to_current_time()
        else:
            self.metrics.commit_failures.inc()
