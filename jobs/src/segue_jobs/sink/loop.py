"""The sink's loop: read a batch, store it, commit its offsets, always in this order."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass

from segue_core.contract import SinkArguments
from segue_core.contract.backoff import Backoff
from segue_core.observability.pulse import Pulse
from segue_jobs.sink.batch import Batch
from segue_jobs.sink.reader import Reader
from segue_jobs.sink.sink_metrics import SinkMetrics
from segue_jobs.sink.transactions import Store, StoreUnavailableError
from segue_jobs.sink.write import RecordOutcome
from segue_jobs.sink.written import Written

logger = logging.getLogger(__name__)

_IDLE_SECONDS = 0.5
"""How long an empty batch waits for its first record, and so how long it may delay a stop."""
_STAY_SECONDS = 1.0
"""How often a sink that waits for its database polls, so that it stays in the group."""
_BACKOFF = Backoff(first_seconds=0.5, longest_seconds=15.0)


@dataclass(frozen=True)
class Sink:
    """One sink: its reader, its store, and its signals."""

    reader: Reader
    store: Store
    arguments: SinkArguments
    metrics: SinkMetrics
    stopping: threading.Event
    ready: threading.Event
    pulse: Pulse

    def run(self) -> None:
        """Work until stopped; finish the current batch first.

        Raises
        ------
        ProgramError
            The database cannot be used at all (see `Store.write`).
        """
        while not self.stopping.is_set():
            self.pulse.beat()
            batch = self._collect()
            if batch:
                self._store(batch)
            elif self.reader.has_uncommitted:
                self._commit(batch)
            self._show_readiness()
            self.metrics.show_lag(self.reader.lag(Batch()))
        self.ready.clear()

    def _show_readiness(self) -> None:
        if self.reader.is_settled:
            self.ready.set()
        else:
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
        start, pauses = time.monotonic(), iter(_BACKOFF)
        while batch:
            records = len(batch)
            try:
                written = self.store.write(batch.writes())
            except StoreUnavailableError as error:
                pause = next(pauses)
                self._report_outage(error, records, pause)
                if not self._wait(batch, pause):
                    return
                continue
            self._count(written)
            self.metrics.batch_records.observe(records)
            self.metrics.batch_seconds.observe(time.monotonic() - start)
            self._commit(batch)
            break

    def _count(self, written: Written) -> None:
        for (topic, outcome), count in written.records.items():
            self.metrics.count(self.reader.topic(topic), outcome, count)
            if outcome in (RecordOutcome.MALFORMED, RecordOutcome.REFUSED, RecordOutcome.TAKEN):
                logger.warning("records rejected", extra={"topic": topic, "outcome": outcome, "records": count})
        self.metrics.count_events(written)

    def _report_outage(self, error: StoreUnavailableError, records: int, pause: float) -> None:
        self.ready.clear()
        self.metrics.store_failures.inc()
        logger.error(
            "MongoDB did not accept a batch; nothing is committed; trying again: %s",
            error,
            extra={"records": records, "pause_seconds": pause},
        )

    def _wait(self, batch: Batch, seconds: float) -> bool:
        """Stay in the group until the next attempt; return False if the sink must stop instead."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.pulse.beat()
            if self.stopping.wait(min(left, _STAY_SECONDS)):
                logger.warning(
                    "stopping without storing the current batch; the next sink will read it again",
                    extra={"records": len(batch)},
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
