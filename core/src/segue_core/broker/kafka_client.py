"""What Segue needs from kafka-python beyond its public interface, and how it words the client's errors."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.errors import KafkaError

from segue_core.contract import Env
from segue_core.contract.wording import shorten
from segue_core.deadline import within
from segue_core.errors import OutageError
from segue_core.settings import KafkaSettings

_LONGEST_EXPLANATION = 300
_CLOSE_SECONDS = 5.0
NO_ANSWER = (KafkaError, TimeoutError, OSError, RuntimeError)
"""What a call raises that the broker does not answer; RuntimeError once the client's network loop has ended."""


def explain(error: BaseException) -> str:
    """The error in one short line: some of the client's errors contain a whole response."""
    text = " ".join(str(error).split()) or type(error).__name__
    return shorten(text, _LONGEST_EXPLANATION)


def unreachable(settings: KafkaSettings, error: Exception) -> OutageError:
    """The error for a broker that cannot be reached."""
    return OutageError(
        f"Kafka at {settings.bootstrap} does not answer ({type(error).__name__}): "
        f"is it running, and is {Env.KAFKA_BOOTSTRAP} right?"
    )


def close_admin(admin: KafkaAdminClient) -> None:
    """Close a client whose answers are in, in bounded time, whatever the broker does."""
    with contextlib.suppress(*NO_ANSWER):  # nothing depends on it any more
        within(_CLOSE_SECONDS, admin.close)


def rejoin_request(consumer: KafkaConsumer) -> Callable[[], None]:
    """A function that asks the consumer to rejoin its group, and keeps asking until the join is complete.

    When a topic's partitions change, kafka-python 3.0.12 rejoins but drops the request halfway: if the broker's last
    response arrives after the current `poll`, no later `poll` waits for it, and the consumer ends up without any
    partitions. Called in ``on_partitions_revoked``, this function keeps the request alive until the join is done.

    Raises
    ------
    RuntimeError
        This version of kafka-python has no such method.
    """
    try:
        request: Callable[[], None] = consumer._coordinator.request_rejoin  # noqa: SLF001 - it has no public name
    except AttributeError as error:
        raise RuntimeError(
            "kafka-python has changed: a consumer's coordinator has no request_rejoin(); "
            "see whether a rejoin still gets lost between two polls, and adapt segue_core.broker.kafka_client"
        ) from error
    return request


def stop_sending(producer: KafkaProducer, seconds: float) -> None:
    """Stop a producer's network thread in bounded time, whatever its state; it gives up what it has not sent.

    ``close`` alone waits for records that cannot be flushed.

    Raises
    ------
    RuntimeError
        This version of kafka-python has no such thread.
    """
    try:
        sender = producer._sender  # noqa: SLF001 - it has no public name
        force_close, join = sender.force_close, sender.join
    except AttributeError as error:
        raise RuntimeError(
            "kafka-python has changed: a producer's sender has no force_close() and join(); see whether close() still "
            "waits for records that cannot be flushed, and adapt segue_core.broker.kafka_client"
        ) from error
    force_close()
    join(seconds)
