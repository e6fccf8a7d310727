"""Sends records to Kafka: idempotent, keyed, compressed, in bounded memory, patient with an unavailable broker."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from kafka import KafkaProducer
from kafka.errors import KafkaError, MessageSizeTooLargeError, TopicAuthorizationFailedError

from segue_core.broker.kafka_client import explain, stop_sending
from segue_core.contract import Topic
from segue_core.errors import ConfigurationError, OutageError
from segue_core.settings import KafkaSettings
from segue_core.store.records import RejectedRecord, TrackRecord, encode, track_key
from segue_jobs.extract.deliveries import Deliveries, Message

logger = logging.getLogger(__name__)

MAXIMUM_BYTES_IN_FLIGHT = 8 << 20
PATIENCE_SECONDS = 300.0
_DELIVERY_SECONDS = 60.0
_SILENCE_SECONDS = _DELIVERY_SECONDS + 15.0
"""If the client has not reported by then, it has lost the record, as some versions do."""
_BLOCK_SECONDS = 10.0
_BOOTSTRAP_SECONDS = 30.0
_REBUILD_SECONDS = 10.0
_CLOSE_SECONDS = 5.0
_PAUSE_SECONDS = 0.5
_SECONDS_BETWEEN_WARNINGS = 1.0
_LINGER_MILLISECONDS = 500
"""Records arrive slowly, and one request per record would cost twice as much as one for many."""

_REFUSALS = (MessageSizeTooLargeError, TopicAuthorizationFailedError)
_CLIENT_ERRORS = (KafkaError, OSError, RuntimeError)
"""RuntimeError: raised by the client once its network loop has ended."""


class RecordProducer:
    """Sends tracks and rejections.

    kafka-python retries a record as long as that can help. Once it gives up on one, it may fail every further record at
    once, or never send another: after an unknown error, an out-of-order sequence number, or the expiry of a batch that
    it had sent before. So a client that gives up on a record, or is silent for longer than it should be, is replaced by
    a new one, which sends everything that is not acknowledged, in the same order. The pauses between attempts grow.
    When the broker has accepted nothing at all for ``patience_seconds``, an error is raised.

    Sending again may duplicate a record on the topic, which the sink's upserts tolerate.

    Parameters
    ----------
    on_rebuild
        Called each time a new client has taken over.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        *,
        patience_seconds: float = PATIENCE_SECONDS,
        silence_seconds: float = _SILENCE_SECONDS,
        bootstrap_seconds: float = _BOOTSTRAP_SECONDS,
        on_rebuild: Callable[[], None] = lambda: None,
    ) -> None:
        self._settings = settings
        self._patience_seconds = patience_seconds
        self._on_rebuild = on_rebuild
        self._changed = threading.Condition()
        self._deliveries = Deliveries(silence_seconds, time.monotonic())
        self._refusal: BaseException | None = None
        self._told_failures = 0
        self._told_at = -_SECONDS_BETWEEN_WARNINGS
        self._client: KafkaProducer | None
        try:
            self._client = self._connect(bootstrap_seconds)
        except KafkaError as error:
            raise OutageError(
                f"cannot reach Kafka at {settings.bootstrap}: {explain(error)}; is the broker running?"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.flush()
        finally:
            self._abandon_client()

    @property
    def bytes_in_flight(self) -> int:
        """Bytes sent but not yet acknowledged."""
        with self._changed:
            return self._deliveries.bytes

    def send(self, record: TrackRecord | RejectedRecord) -> None:
        """Send a record; wait first while too much is in flight.

        Raises
        ------
        OutageError
            Kafka has accepted nothing for too long, or refuses the record.
        """
        topic = Topic.TRACKS if isinstance(record, TrackRecord) else Topic.REJECTED
        key = track_key(record.catalogue, record.track_id).encode()
        message = Message(self._settings.topic(topic), key, encode(record))
        self._wait_until(lambda: self._deliveries.bytes < MAXIMUM_BYTES_IN_FLIGHT)
        with self._changed:
            number = self._deliveries.add(message, time.monotonic())
            generation = self._deliveries.generation
        self._hand_over(generation, number, message)

    def flush(self, *, patience_seconds: float | None = None) -> None:
        """Wait until every record is acknowledged.

        Raises
        ------
        OutageError
            As for `send`.
        """
        if patience_seconds is not None:
            self._patience_seconds = patience_seconds
        if self._client is not None:
            with contextlib.suppress(KafkaError):  # patience decides; this only ends the lingering
                self._client.flush(timeout=_PAUSE_SECONDS)
        self._wait_until(lambda: len(self._deliveries) == 0)

    def _wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait until the client works and a condition holds; the condition is evaluated under the lock."""
        while True:
            with self._changed:
                self._check()
                pause = self._deliveries.seconds_to_retry(time.monotonic())
                if pause is None and condition():
                    return
                if pause != 0:
                    self._changed.wait(_PAUSE_SECONDS if pause is None else min(pause, _PAUSE_SECONDS))
                    continue
            self._send_again()

    def _check(self) -> None:
        if self._refusal is not None:
            raise ConfigurationError(
                f"Kafka at {self._settings.bootstrap} refuses the records: {explain(self._refusal)}"
            ) from self._refusal
        waited = self._deliveries.seconds_waited(time.monotonic())
        if waited > self._patience_seconds:
            error = self._deliveries.error
            last = f" (last error: {_words(error)})" if error else ""
            raise OutageError(
                f"Kafka at {self._settings.bootstrap} accepted no records for {waited:.0f} s: check the broker{last}"
            ) from error

    def _send_again(self) -> None:
        """Replace the client with a new one, if it can reach the broker, and send what is not acknowledged."""
        with self._changed:
            generation = self._deliveries.begin_attempt(time.monotonic())  # failures of the old client no longer count
        self._abandon_client()
        with self._changed:
            outstanding = self._deliveries.outstanding()
            left = self._patience_seconds - self._deliveries.seconds_waited(time.monotonic())
        self._warn(len(outstanding))
        try:
            self._client = self._connect(min(_REBUILD_SECONDS, max(left, 1.0)))
        except _CLIENT_ERRORS as error:
            with self._changed:
                self._deliveries.distrust(error, time.monotonic())
            return
        self._on_rebuild()
        for number, message in outstanding:
            if not self._hand_over(generation, number, message):
                return

    def _warn(self, outstanding: int) -> None:
        """Log one line for all failures since the last line, at most once per second."""
        with self._changed:
            now, failures, error = time.monotonic(), self._deliveries.failures, self._deliveries.error
        if now - self._told_at < _SECONDS_BETWEEN_WARNINGS:
            return
        extra = {"failed": failures - self._told_failures, "records": outstanding, "error": _words(error)}
        logger.warning("Kafka has not accepted all records; sending them again with a new client", extra=extra)
        self._told_at, self._told_failures = now, failures

    def _hand_over(self, generation: int, number: int, message: Message) -> bool:
        """Pass a record to the client; return False if it refuses, so that a new client is needed."""
        if self._client is None:
            return False
        try:
            future = self._client.send(message.topic, key=message.key, value=message.value)
        except _CLIENT_ERRORS as error:
            self._on_error(generation, number, error)
            return False
        future.add_callback(self._on_success, number)
        future.add_errback(self._on_error, generation, number)
        return True

    def _on_success(self, number: int, _metadata: object) -> None:
        with self._changed:
            self._deliveries.acknowledge(number, time.monotonic())
            self._changed.notify_all()

    def _on_error(self, generation: int, number: int, error: BaseException) -> None:
        with self._changed:
            if self._deliveries.fail(generation, number, error, time.monotonic()):
                if isinstance(error, _REFUSALS):
                    self._refusal = error
                self._changed.notify_all()

    def _connect(self, bootstrap_seconds: float) -> KafkaProducer:
        return KafkaProducer(
            **self._settings.client_options(),
            enable_idempotence=True,
            acks="all",
            compression_type="lz4",
            linger_ms=_LINGER_MILLISECONDS,
            batch_size=128 << 10,
            delivery_timeout_ms=_DELIVERY_SECONDS * 1000,
            reconnect_backoff_max_ms=1000,
            bootstrap_timeout_ms=bootstrap_seconds * 1000,
            max_block_ms=min(_BLOCK_SECONDS, bootstrap_seconds) * 1000,
            allow_auto_create_topics=False,
        )

    def _abandon_client(self) -> None:
        """Close the client in bounded time, whatever its state; it gives up what it has not sent."""
        client, self._client = self._client, None
        if client is None:
            return
        stop_sending(client, _CLOSE_SECONDS)
        with contextlib.suppress(*_CLIENT_ERRORS):  # it is no longer used
            client.close(timeout=1)


def _words(error: BaseException | None) -> str:
    return "no answer" if error is None else f"{type(error).__name__}: {explain(error)}"
