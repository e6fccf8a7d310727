"""Records to Kafka: idempotent, keyed, compressed, in bounded memory, patient with a broker that is away."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError, MessageSizeTooLargeError, TopicAuthorizationFailedError

from segue_jobs.contract import Topic
from segue_jobs.records import RejectedRecord, TrackRecord, encode, track_key
from segue_jobs.runtime.program import ConfigurationError, ProgramError
from segue_jobs.runtime.settings import KafkaSettings

logger = logging.getLogger(__name__)

MAXIMUM_BYTES_IN_FLIGHT = 8 << 20
PATIENCE_SECONDS = 300.0
_DELIVERY_SECONDS = 120.0
_BLOCK_SECONDS = 10.0
_BOOTSTRAP_SECONDS = 30.0
_PAUSE_SECONDS = 0.5
_LINGER_MILLISECONDS = 500
"""Records come slowly, and a request for each would cost twice as much as one for many."""


@dataclass(frozen=True)
class _Message:
    topic: str
    key: bytes
    value: bytes

    @property
    def size(self) -> int:
        return len(self.key) + len(self.value)


class RecordProducer:
    """Producer of tracks and rejections.

    A record that kafka-python gives up is sent again until nothing at all has been taken for ``patience_seconds``.
    Such a second sending may double a record on the topic, which the sink's upserts do not mind.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        *,
        patience_seconds: float = PATIENCE_SECONDS,
        bootstrap_seconds: float = _BOOTSTRAP_SECONDS,
    ) -> None:
        self._settings = settings
        self._patience_seconds = patience_seconds
        self._changed = threading.Condition()
        self._bytes_in_flight = 0
        self._failed: list[_Message] = []
        self._fatal: BaseException | None = None
        self._last_success = time.monotonic()
        try:
            self._producer = KafkaProducer(
                **settings.client_options(),
                enable_idempotence=True,
                acks="all",
                compression_type="lz4",
                linger_ms=_LINGER_MILLISECONDS,
                batch_size=128 << 10,
                delivery_timeout_ms=_DELIVERY_SECONDS * 1000,
                reconnect_backoff_max_ms=1000,
                bootstrap_timeout_ms=bootstrap_seconds * 1000,
                max_block_ms=_BLOCK_SECONDS * 1000,
                allow_auto_create_topics=False,
            )
        except KafkaError as error:
            raise ProgramError(f"cannot reach Kafka at {settings.bootstrap}: {error}; is the broker up?") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._producer.close()
            return
        sender = self._producer._sender  # noqa: SLF001 - close() alone stops at records that cannot be flushed
        sender.force_close()
        sender.join(_PAUSE_SECONDS * 10)
        with contextlib.suppress(KafkaError):  # the error under way says more
            self._producer.close(timeout=1)

    @property
    def bytes_in_flight(self) -> int:
        """Bytes sent and not yet acknowledged."""
        with self._changed:
            return self._bytes_in_flight

    def send(self, record: TrackRecord | RejectedRecord) -> None:
        """Send a record; waits while too much is in flight.

        Raises
        ------
        ProgramError
            Kafka has taken nothing for too long, or refuses the record.
        """
        topic = Topic.TRACKS if isinstance(record, TrackRecord) else Topic.REJECTED
        key = track_key(record.catalogue, record.track_id).encode()
        message = _Message(self._settings.topic(topic), key, encode(record))
        self._wait_until(lambda: self._bytes_in_flight < MAXIMUM_BYTES_IN_FLIGHT)
        with self._changed:
            if self._bytes_in_flight == 0:
                self._last_success = time.monotonic()  # patience begins with the first record that waits
            self._bytes_in_flight += message.size
        self._hand_over(message)

    def flush(self, *, patience_seconds: float | None = None) -> None:
        """Wait until every record is acknowledged.

        Raises
        ------
        ProgramError
            As for `send`.
        """
        if patience_seconds is not None:
            self._patience_seconds = patience_seconds
        with contextlib.suppress(KafkaTimeoutError):  # it is patience that decides; this ends the lingering
            self._producer.flush(timeout=_PAUSE_SECONDS)
        self._wait_until(lambda: self._bytes_in_flight == 0)

    def _wait_until(self, condition: Callable[[], bool]) -> None:
        while True:
            with self._changed:
                self._check()
                if not self._failed and condition():
                    return
                self._changed.wait(_PAUSE_SECONDS)
                again = list(self._failed)
                self._failed.clear()
            for message in again:
                self._hand_over(message)

    def _check(self) -> None:
        if self._fatal is not None:
            raise ConfigurationError(
                f"Kafka at {self._settings.bootstrap} refuses the records: {self._fatal}"
            ) from self._fatal
        silent = time.monotonic() - self._last_success
        if self._bytes_in_flight and silent > self._patience_seconds:
            raise ProgramError(
                f"Kafka at {self._settings.bootstrap} has taken no record for {silent:.0f} s: check the broker"
            )

    def _hand_over(self, message: _Message) -> None:
        try:
            future = self._producer.send(message.topic, key=message.key, value=message.value)
        except KafkaError as error:
            self._on_error(message, error)
        else:
            future.add_callback(self._on_success, message)
            future.add_errback(self._on_error, message)

    def _on_success(self, message: _Message, _metadata: object) -> None:
        with self._changed:
            self._bytes_in_flight -= message.size
            self._last_success = time.monotonic()
            self._changed.notify_all()

    def _on_error(self, message: _Message, error: BaseException) -> None:
        logger.warning("a record was not delivered", extra={"topic": message.topic, "error": str(error)})
        with self._changed:
            if isinstance(error, MessageSizeTooLargeError | TopicAuthorizationFailedError):
                self._fatal = error
            else:
                self._failed.append(message)
            self._changed.notify_all()
