"""Which partitions the group assigns to this sink, and which it revokes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable

from kafka import TopicPartition
from kafka.consumer.subscription_state import ConsumerRebalanceListener

logger = logging.getLogger(__name__)


class HeldPartitions(ConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python has no types
    """Keeps track of the assigned partitions; it is called on the consumer's thread, so it does nothing else.

    Parameters
    ----------
    request_rejoin
        Called whenever partitions are revoked; see `segue_core.broker.kafka_client.rejoin_request`.
    """

    def __init__(self, request_rejoin: Callable[[], None]) -> None:
        self.assigned_once = threading.Event()
        self._request_rejoin = request_rejoin
        self._lock = threading.Lock()
        self._held: frozenset[TopicPartition] = frozenset()
        self._revoked: set[TopicPartition] = set()

    @property
    def held(self) -> frozenset[TopicPartition]:
        """Partitions that this sink may read now; the client's own list still includes those that are being moved."""
        with self._lock:
            return self._held

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Hold exactly these partitions."""
        partitions = frozenset(assigned)
        logger.info("partitions assigned", extra={"partitions": _names(partitions)})
        with self._lock:
            self._held = partitions
        self.assigned_once.set()

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Give partitions up, and keep asking to rejoin until the group has answered."""
        self._request_rejoin()
        self._take(revoked)

    def on_partitions_lost(self, lost: Iterable[TopicPartition]) -> None:
        """Give up partitions that the group has already assigned to others."""
        self._take(lost)

    def take_revoked(self) -> set[TopicPartition]:
        """Partitions revoked since the last call."""
        with self._lock:
            revoked, self._revoked = self._revoked, set()
        return revoked

    def _take(self, partitions: Iterable[TopicPartition]) -> None:
        taken = frozenset(partitions)
        if taken:
            logger.info("partitions revoked", extra={"partitions": _names(taken)})
        with self._lock:
            self._held -= taken
            self._revoked |= taken


def _names(partitions: Iterable[TopicPartition]) -> list[str]:
    return sorted(f"{partition.topic}:{partition.partition}" for partition in partitions)
