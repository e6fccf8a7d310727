"""Follows a topic without a group: every replica reads all of it, from where it chooses."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from time import monotonic, time

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import KafkaError

from segue_core.broker.kafka_client import explain
from segue_core.contract.backoff import Backoff
from segue_core.settings import KafkaSettings
from segue_core.store.position import Position

logger = logging.getLogger(__name__)

_CLIENT_ERRORS = (KafkaError, OSError, RuntimeError, ValueError)
_BACKOFF = Backoff(0.2, 5.0)
_POLL_MILLISECONDS = 200
_CLOSE_MILLISECONDS = 1000
_SECONDS_BETWEEN_LOOKS = 5.0
"""How often the follower looks for new partitions."""
_FETCH_MILLISECONDS = 250
"""The broker answers so often, or as soon as there is as much to read as `_FETCH_BYTES`: an answer for each event would
cost more than the event."""
_FETCH_BYTES = 64 << 10

Start = Callable[[KafkaConsumer, Sequence[TopicPartition]], Mapping[int, int]]
"""Gives the offsets to begin at, by partition; partitions without one are read from their beginning."""
Records = Sequence[tuple[Position, bytes | None, bytes | None]]
"""Positions, keys and values."""


def begin_at(seconds: float) -> Start:
    """Begin with the records that are not older than this."""

    def start(consumer: KafkaConsumer, partitions: Sequence[TopicPartition]) -> Mapping[int, int]:
        since = int((time() - seconds) * 1000)
        found, ends = consumer.offsets_for_times(dict.fromkeys(partitions, since)), consumer.end_offsets(partitions)
        return {one.partition: found[one].offset if found.get(one) else ends[one] for one in partitions}

    return start


class TopicFollower:
    """Reads a topic in a thread of its own until it is stopped; a broken connection is made again.

    Parameters
    ----------
    topic
        Name of the topic on the broker.
    start
        Called when partitions are read for the first time; it may raise any error, and is then called again.
    on_records
        Called with what was read, in the order of each partition.
    on_lag
        Called after each round with the number of records that are not read yet; None while the broker does not answer.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        topic: str,
        *,
        start: Start,
        on_records: Callable[[Records], None],
        on_lag: Callable[[int | None], None] = lambda _lag: None,
    ) -> None:
        self._settings = settings
        self._topic = topic
        self._start = start
        self._on_records = on_records
        self._on_lag = on_lag
        self._next: dict[TopicPartition, int] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"follow {topic}", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Stop after the current round."""
        self._stopping.set()

    def stop(self, seconds: float = 5.0) -> None:
        """Stop reading; wait for the current round."""
        self.ask_to_stop()
        self._thread.join(seconds)

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            consumer = None
            try:
                consumer = self._connect()
                while not self._stopping.is_set():
                    self._read(consumer)
                    failures = 0
            except Exception as error:
                failures += 1
                known = isinstance(error, _CLIENT_ERRORS)
                logger.warning(
                    "cannot follow a topic; trying again",
                    extra={"topic": self._topic, "error": explain(error)},
                    exc_info=None if known else error,
                )
                self._on_lag(None)
                self._stopping.wait(_BACKOFF.pause(failures))
            finally:
                if consumer is not None:
                    with contextlib.suppress(*_CLIENT_ERRORS):  # it is no longer used
                        consumer.close(timeout_ms=_CLOSE_MILLISECONDS)

    def _connect(self) -> KafkaConsumer:
        return KafkaConsumer(
            **self._settings.client_options(),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=_FETCH_MILLISECONDS,
            fetch_min_bytes=_FETCH_BYTES,
            reconnect_backoff_max_ms=1000,
            bootstrap_timeout_ms=3000,
            request_timeout_ms=10_000,
            metadata_max_age_ms=30_000,
            allow_auto_create_topics=False,
        )

    def _read(self, consumer: KafkaConsumer) -> None:
        self._assign(consumer)
        look_again = monotonic() + _SECONDS_BETWEEN_LOOKS
        while not self._stopping.is_set() and monotonic() < look_again:
            found = consumer.poll(timeout_ms=_POLL_MILLISECONDS)
            for partition, records in found.items():
                self._on_records([(_position(record), record.key, record.value) for record in records])
                self._next[partition] = records[-1].offset + 1
            self._on_lag(self._lag(consumer))

    def _assign(self, consumer: KafkaConsumer) -> None:
        """Read all partitions that there are now, each from where it was left or from its start."""
        numbers = consumer.partitions_for_topic(self._topic)
        if not numbers:
            raise RuntimeError("the topic does not exist yet")
        partitions = [TopicPartition(self._topic, number) for number in sorted(numbers)]
        if consumer.assignment() == set(partitions):
            return
        fresh = [partition for partition in partitions if partition not in self._next]
        starts = self._start(consumer, fresh) if fresh else {}
        consumer.assign(partitions)
        for partition in partitions:
            offset = self._next.get(partition, starts.get(partition.partition))
            if offset is None:
                consumer.seek_to_beginning(partition)
            else:
                consumer.seek(partition, offset)
                self._next[partition] = offset

    def _lag(self, consumer: KafkaConsumer) -> int:
        lag = 0
        for partition in consumer.assignment():
            end, at = consumer.highwater(partition), self._next.get(partition)
            if end is not None and at is not None:
                lag += max(0, end - at)
        return lag


def _position(record: ConsumerRecord) -> Position:
    return Position(record.topic, record.partition, record.offset, record.timestamp)
