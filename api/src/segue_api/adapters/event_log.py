"""The port `EventLog` on Kafka: an idempotent producer that waits for all replicas, and is replaced when it fails."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Sequence
from time import monotonic
from typing import Any

from anyio import CapacityLimiter, to_thread
from kafka import KafkaProducer
from kafka.errors import KafkaError

from segue_api.ports import BrokerUnavailableError
from segue_core.broker.kafka_client import explain, stop_sending
from segue_core.contract import Topic
from segue_core.settings import KafkaSettings
from segue_core.store.records import EventRecord, encode, event_key

logger = logging.getLogger(__name__)

_CONNECT_SECONDS = 3.0
_ACKNOWLEDGE_SECONDS = 10.0
_CLOSE_SECONDS = 2.0
_IDLE_SECONDS = 60.0
_PAUSE_SECONDS = 2.0
_MAXIMUM_WAITING = 64
_LINGER_MILLISECONDS = 1
_CLIENT_ERRORS = (KafkaError, OSError, RuntimeError)
"""RuntimeError: raised by the client once its network loop has ended."""


class KafkaEventLog:
    """Appends events to the topic ``events``.

    After a failure, kafka-python may fail every further record at once, or never send another. So the client that
    failed is closed, and the next request makes a new one. Clients may send the failed events again: their ids make
    that safe.

    Parameters
    ----------
    acknowledge_seconds
        How long a request waits for the broker.
    idle_seconds
        How long a client that nobody uses is kept.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        *,
        acknowledge_seconds: float = _ACKNOWLEDGE_SECONDS,
        idle_seconds: float = _IDLE_SECONDS,
    ) -> None:
        self._settings = settings
        self._topic = settings.topic(Topic.EVENTS)
        self._acknowledge_seconds = acknowledge_seconds
        self._idle_seconds = idle_seconds
        self._used_at = 0.0
        self._lock = threading.Lock()
        self._client: KafkaProducer | None = None
        self._senders = CapacityLimiter(1)  # a listener's events stay in the order in which they came
        self._failed_at = -_PAUSE_SECONDS

    async def append(self, events: Sequence[EventRecord]) -> None:
        """See `EventLog`."""
        self._refuse_if_down()
        messages = [(event_key(event.catalogue, event.user).encode(), encode(event)) for event in events]
        client: KafkaProducer | None = None
        try:
            async with asyncio.timeout(self._acknowledge_seconds):
                client, sent = await to_thread.run_sync(
                    self._send, messages, limiter=self._senders, abandon_on_cancel=True
                )
                await asyncio.gather(*(_acknowledged(future) for future in sent))
        except TimeoutError:
            self._failed_at = monotonic()
            self._abandon(client, "no answer in time")
            raise BrokerUnavailableError(
                f"the broker did not acknowledge within {self._acknowledge_seconds:.0f} s"
            ) from None
        except _CLIENT_ERRORS as error:
            self._failed_at = monotonic()
            self._abandon(client, explain(error))
            raise BrokerUnavailableError(f"the broker did not take them: {explain(error)}") from error

    def _refuse_if_down(self) -> None:
        """Refuse at once what would only wait: one request in two seconds finds out whether the broker is back."""
        if monotonic() - self._failed_at < _PAUSE_SECONDS:
            raise BrokerUnavailableError("the broker did not take events a moment ago")
        if self._senders.statistics().tasks_waiting >= _MAXIMUM_WAITING:
            raise BrokerUnavailableError(f"{_MAXIMUM_WAITING} requests with events are waiting already")

    def _send(self, messages: Sequence[tuple[bytes, bytes]]) -> tuple[KafkaProducer, list[Any]]:
        client = self._connected()
        try:
            return client, [client.send(self._topic, key=key, value=value) for key, value in messages]
        except _CLIENT_ERRORS as error:
            self._abandon(client, explain(error))
            raise

    def rest(self) -> None:
        """Close a client that has had nothing to do for a while.

        While a partition that it once wrote to has no leader, kafka-python asks for one without a pause, even if it has
        nothing to send: without a broker, an idle client would keep a processor busy.
        """
        with self._lock:
            client = self._client
            if client is None or monotonic() - self._used_at < self._idle_seconds:
                return
            self._client = None
        _close(client)

    def _connected(self) -> KafkaProducer:
        with self._lock:
            self._used_at = monotonic()
            if self._client is None:
                self._client = KafkaProducer(
                    **self._settings.client_options(),
                    enable_idempotence=True,
                    acks="all",
                    compression_type="lz4",
                    linger_ms=_LINGER_MILLISECONDS,
                    delivery_timeout_ms=int(self._acknowledge_seconds * 1000),
                    request_timeout_ms=int(self._acknowledge_seconds * 500),
                    reconnect_backoff_max_ms=1000,
                    bootstrap_timeout_ms=int(_CONNECT_SECONDS * 1000),
                    max_block_ms=int(_CONNECT_SECONDS * 1000),
                    allow_auto_create_topics=False,
                )
            return self._client

    def _abandon(self, client: KafkaProducer | None, why: str) -> None:
        """Let the next request make a new client; closing this one takes a thread of its own."""
        with self._lock:
            if client is None or self._client is not client:
                return
            self._client = None
        logger.warning("Kafka did not take events; using a new client", extra={"error": why})
        threading.Thread(target=_close, args=(client,), name="close-producer", daemon=True).start()

    def close(self) -> None:
        """Give up the client."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            _close(client)


def _close(client: KafkaProducer) -> None:
    stop_sending(client, _CLOSE_SECONDS)
    with contextlib.suppress(*_CLIENT_ERRORS):  # it is no longer used
        client.close(timeout=1)


async def _acknowledged(sent: Any) -> None:
    """Wait for a record of the client without holding a thread."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def finish(error: BaseException | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    def tell(error: BaseException | None) -> None:
        with contextlib.suppress(RuntimeError):  # the service has ended
            loop.call_soon_threadsafe(finish, error)

    sent.add_callback(lambda _metadata: tell(None))
    sent.add_errback(tell)
    await done
