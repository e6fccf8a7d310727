"""The consumer group's side of the sink: records into a batch, committed offsets out of it."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterable
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.subscription_state import ConsumerRebalanceListener
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from segue_jobs.contract import Topic
from segue_jobs.runtime.settings import KafkaSettings
from segue_jobs.runtime.topics import unreachable
from segue_jobs.sink.batch import Batch
from segue_jobs.sink.position import Position
from segue_jobs.sink.transform import TOPICS, transform
from segue_jobs.sink.write import Write

logger = logging.getLogger(__name__)

_COMMIT_MILLISECONDS = 10_000
_STAY_MILLISECONDS = 200
_NO_LEADER_EPOCH = -1
_CONSUMER_OPTIONS: dict[str, Any] = {
    "auto_offset_reset": "earliest",
    "enable_auto_commit": False,
    "allow_auto_create_topics": False,
    "max_poll_interval_ms": 300_000,
    "session_timeout_ms": 15_000,
    "fetch_max_wait_ms": 250,
    # what is fetched ahead is memory: at most this much a partition, and a single larger record still comes through
    "max_partition_fetch_bytes": 512 * 1024,
    "fetch_max_bytes": 4 * 1024 * 1024,
    "metadata_max_age_ms": 60_000,
    "metrics_enabled": False,
}


class _Assignments(ConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python has no types
    """Notes what the group decides; called on the consumer's own thread, so it only takes notes."""

    def __init__(self) -> None:
        self.assigned_once = threading.Event()
        self._lock = threading.Lock()
        self._revoked: set[TopicPartition] = set()

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        logger.info("partitions assigned", extra={"partitions": _names(assigned)})
        self.assigned_once.set()

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        partitions = set(revoked)
        if partitions:
            logger.info("partitions revoked", extra={"partitions": _names(partitions)})
        with self._lock:
            self._revoked |= partitions

    def take_revoked(self) -> set[TopicPartition]:
        """Partitions revoked since the last call."""
        with self._lock:
            revoked, self._revoked = self._revoked, set()
        return revoked


def _names(partitions: Iterable[TopicPartition]) -> list[str]:
    return sorted(f"{partition.topic}:{partition.partition}" for partition in partitions)


class Reader:
    """A member of the sink's consumer group; used by one thread.

    The group may take partitions away at any time; `read` then drops what the batch holds of them, and whoever owns
    them next, be it this member again, reads it anew.

    Raises
    ------
    ProgramError
        The broker does not answer.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self._topics = {settings.topic(topic): topic for topic in TOPICS}
        self._assignments = _Assignments()
        self._uncommitted: dict[TopicPartition, int] = {}
        try:
            self._consumer = KafkaConsumer(
                group_id=settings.sink_group, **_CONSUMER_OPTIONS, **settings.client_options()
            )
        except KafkaError as error:
            raise unreachable(settings, error) from error
        for name in self._topics:
            self._consumer.partitions_for_topic(name)  # known before the group divides them, else it divides nothing
        self._consumer.subscribe(topics=list(self._topics), listener=self._assignments)

    @property
    def is_settled(self) -> bool:
        """Whether the group has given this member its partitions; none, where other members have them all."""
        if not self._assignments.assigned_once.is_set():
            return False
        return bool(self._consumer.assignment()) or all(map(self._consumer.partitions_for_topic, self._topics))

    def topic(self, name: str) -> Topic:
        """Topic of a name on the broker."""
        return self._topics[name]

    def read(self, batch: Batch, *, records: int, seconds: float) -> None:
        """Append at most so many records, waiting at most so long for the first of them."""
        polled = self._consumer.poll(timeout_ms=int(seconds * 1000), max_records=max(records, 1))
        for partition in self._give_back(batch):
            polled.pop(partition, None)
        for partition, messages in polled.items():
            batch.add(partition, [self._transform(message) for message in messages])

    def stay(self, batch: Batch) -> None:
        """Remain a member without reading on: what comes now is read again later.

        `pause` would be the means, but kafka-python 3.0.12 forgets to give out what it had fetched of a paused
        partition once that is resumed, and then fetches no more of it.
        """
        polled = self._consumer.poll(timeout_ms=_STAY_MILLISECONDS, max_records=1)
        for partition in self._give_back(batch):
            polled.pop(partition, None)
        for partition, messages in polled.items():
            self._seek(partition, messages[0].offset)

    def commit(self, batch: Batch) -> bool:
        """Commit a stored batch's offsets, with those that could not be committed before.

        A refused commit is no failure: the records are stored, so it is tried again with the next, and whoever owns
        the partition by then may read them again. Partitions that others own now are left to them.
        """
        assigned = self._consumer.assignment()
        known = self._uncommitted | batch.next_offsets()
        self._uncommitted = {partition: offset for partition, offset in known.items() if partition in assigned}
        offsets = {
            partition: OffsetAndMetadata(offset, "", _NO_LEADER_EPOCH)
            for partition, offset in self._uncommitted.items()
        }
        if not offsets:
            return True
        try:
            self._consumer.commit(offsets, timeout_ms=_COMMIT_MILLISECONDS)
        except KafkaError as error:
            logger.warning("offsets not committed, to be tried again: %s", error or type(error).__name__)
            return False
        self._uncommitted = {}
        return True

    @property
    def has_uncommitted(self) -> bool:
        """Whether stored records wait for a commit."""
        return bool(self._uncommitted)

    def lag(self, batch: Batch) -> dict[Topic, int]:
        """Records of each topic behind the first that is not stored, in this member's partitions."""
        held = batch.first_offsets()
        lag: dict[Topic, int] = {}
        for partition in self._consumer.assignment():
            topic = self._topics[partition.topic]
            lag[topic] = lag.get(topic, 0) + self._partition_lag(partition, held.get(partition))
        return lag

    def _partition_lag(self, partition: TopicPartition, held: int | None) -> int:
        try:
            highwater = self._consumer.highwater(partition)
            stored = self._consumer.position(partition, timeout_ms=0) if held is None else held
        except KafkaError:  # revoked just now
            return 0
        return 0 if highwater is None or stored is None else max(highwater - stored, 0)

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close(autocommit=False, timeout_ms=_COMMIT_MILLISECONDS)

    def _give_back(self, batch: Batch) -> list[TopicPartition]:
        """Drop what the batch holds of revoked partitions; those that came back at once are read again from there.

        The client may keep or forget its position in a partition that a rebalance takes and gives back, so the
        position is set here; what it has read since is to be left out.
        """
        first = batch.first_offsets()
        revoked = [partition for partition in self._assignments.take_revoked() if partition in first]
        batch.drop(revoked)
        assigned = self._consumer.assignment()
        for partition in revoked:
            if partition in assigned:
                self._seek(partition, first[partition])
        return revoked

    def _seek(self, partition: TopicPartition, offset: int) -> None:
        with contextlib.suppress(ValueError):  # taken away just now
            self._consumer.seek(partition, offset)

    def _transform(self, message: Any) -> Write:
        position = Position(message.topic, message.partition, message.offset, message.timestamp)
        return transform(self._topics[message.topic], position, message.key, message.value)
