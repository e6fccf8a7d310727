"""The Kafka side of the sink: reads records into a batch, commits the batch's offsets."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from segue_core.broker.kafka_client import close_admin, explain, rejoin_request, unreachable
from segue_core.contract import SinkFeed, Topic
from segue_core.errors import ProgramError
from segue_core.settings import KafkaSettings
from segue_core.store.position import Position
from segue_jobs.sink.batch import Batch
from segue_jobs.sink.held_partitions import HeldPartitions
from segue_jobs.sink.membership import REBALANCE_SECONDS, SESSION_SECONDS, Fault, Watchdog
from segue_jobs.sink.standing import ANSWER_OPTIONS, look
from segue_jobs.sink.transform import transform
from segue_jobs.sink.write import Write

logger = logging.getLogger(__name__)

_COMMIT_MILLISECONDS = 10_000
_CLOSE_MILLISECONDS = 5_000
_STAY_MILLISECONDS = 200
_FAILED_POLL_SECONDS = 0.5
_SOON_SECONDS, _LATER_SECONDS = 5.0, 30.0
"""Time between two checks of the group, for a sink that is not settled and for one that is."""
_NO_LEADER_EPOCH = -1
_CONSUMER_OPTIONS: dict[str, Any] = {
    "auto_offset_reset": "earliest",
    "enable_auto_commit": False,
    "allow_auto_create_topics": False,
    "max_poll_interval_ms": int(REBALANCE_SECONDS * 1000),
    "session_timeout_ms": int(SESSION_SECONDS * 1000),
    "fetch_max_wait_ms": 250,
    # prefetching takes memory: at most this much per partition, though a single larger record still gets through
    "max_partition_fetch_bytes": 512 * 1024,
    "fetch_max_bytes": 4 * 1024 * 1024,
    "metadata_max_age_ms": 60_000,
    "metrics_enabled": False,
}


class Reader:
    """A member of the sink's consumer group; used by one thread.

    The group may revoke partitions at any time; `read` then drops their records from the batch, and their next owner,
    which may be this member again, reads them again.

    Parameters
    ----------
    settings
        How to reach the broker.
    feed
        Which topics to read, and so which group to join.
    on_replaced
        Called with the reason each time a consumer that no longer works is replaced.

    Raises
    ------
    ProgramError
        The broker does not answer.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        feed: SinkFeed = SinkFeed.TRACKS,
        on_replaced: Callable[[Fault], None] = lambda _fault: None,
    ) -> None:
        self._settings = settings
        self._group = settings.group_of(feed)
        self._on_replaced = on_replaced
        self._topics = {settings.topic(topic): topic for topic in feed.topics}
        self._uncommitted: dict[TopicPartition, int] = {}
        self._watchdog = Watchdog()
        self._join()

    def _join(self) -> None:
        """Create a consumer that knows all partitions before its first poll, because otherwise it would join twice."""
        self._poll_error = ""
        self._next_look = time.monotonic() + _SOON_SECONDS
        try:
            self._consumer = KafkaConsumer(group_id=self._group, **_CONSUMER_OPTIONS, **self._settings.client_options())
            self._partitions = HeldPartitions(rejoin_request(self._consumer))
            self._consumer.subscribe(topics=list(self._topics), listener=self._partitions)
            known = [self._consumer.partitions_for_topic(name) for name in self._topics]
            self._topics_exist = all(known)
            self._admin = KafkaAdminClient(**ANSWER_OPTIONS, **self._settings.client_options())
        except KafkaError as error:
            raise unreachable(self._settings, error) from error

    @property
    def is_settled(self) -> bool:
        """Whether the group has assigned this member its partitions, and nothing has seemed wrong since."""
        if self._watchdog.fault is not None or not self._partitions.assigned_once.is_set():
            return False
        return bool(self._partitions.held) or self._topics_exist

    def topic(self, name: str) -> Topic:
        """Topic with this name on the broker."""
        return self._topics[name]

    def read(self, batch: Batch, *, records: int, seconds: float) -> None:
        """Append up to ``records`` records, waiting up to ``seconds`` for the first.

        Raises
        ------
        ProgramError
            The broker refuses this sink permanently, or does not answer a new consumer.
        """
        polled = self._poll(int(seconds * 1000), max(records, 1))
        for partition in self._give_back(batch):
            polled.pop(partition, None)
        for partition, messages in polled.items():
            batch.add(partition, [self._transform(message) for message in messages])
        if polled:
            self._watchdog.progress()
        elif not batch:
            self._look_after_membership()

    def stay(self, batch: Batch) -> None:
        """Stay in the group without reading: records that arrive now are read again later.

        `pause` would be the usual way, but kafka-python 3.0.12 loses what it has fetched from a paused partition when
        that is resumed, and then fetches no more from it.
        """
        polled = self._poll(_STAY_MILLISECONDS, 1)
        for partition in self._give_back(batch):
            polled.pop(partition, None)
        for partition, messages in polled.items():
            self._seek(partition, messages[0].offset)

    def _poll(self, milliseconds: int, records: int) -> dict[TopicPartition, list[Any]]:
        try:
            polled: dict[TopicPartition, list[Any]] = self._consumer.poll(timeout_ms=milliseconds, max_records=records)
        except KafkaError as error:
            if not error.retriable:
                raise ProgramError(f"Kafka at {self._settings.bootstrap} refuses the sink: {explain(error)}") from error
            if not self._poll_error:
                logger.warning("cannot read from Kafka; trying again: %s", explain(error))
            self._poll_error = explain(error)
            time.sleep(_FAILED_POLL_SECONDS)
            return {}
        self._poll_error = ""
        return polled

    def _look_after_membership(self) -> None:
        """From time to time, ask the broker whether this is a working member; if not, replace the consumer."""
        now = time.monotonic()
        if now < self._next_look:
            return
        held = self._partitions.held
        standing = look(self._admin, self._group, self._consumer, held, self._poll_error)
        before = self._watchdog.fault
        lasting = self._watchdog.judge(standing, time.monotonic())
        if self._watchdog.fault is not before:
            logger.info("membership of the group", extra={"fault": self._watchdog.fault, "partitions": len(held)})
        settled = self._watchdog.is_content and self._partitions.assigned_once.is_set()
        self._next_look = time.monotonic() + (_LATER_SECONDS if settled else _SOON_SECONDS)
        if lasting is not None:
            self._replace(lasting)

    def _replace(self, fault: Fault) -> None:
        logger.error(
            "the consumer has stopped reading; replacing it",
            extra={"fault": fault, "group": self._group},
        )
        self._on_replaced(fault)
        with contextlib.suppress(KafkaError):  # it is abandoned anyway
            self._consumer.close(autocommit=False, timeout_ms=_CLOSE_MILLISECONDS)
        close_admin(self._admin)
        self._uncommitted = {}
        self._join()
        self._watchdog.begin_again(time.monotonic())

    def commit(self, batch: Batch) -> bool:
        """Commit a stored batch's offsets, and those that could not be committed before.

        A refused commit is not a failure: the records are stored, so it is tried again with the next commit, and a new
        owner of the partition may read them again. Partitions that others own now are left to them.
        """
        assigned = self._consumer.assignment()  # with those that a rebalance has revoked and may bring back
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
            logger.warning("cannot commit offsets; trying again with the next batch: %s", explain(error))
            return False
        self._uncommitted = {}
        return True

    @property
    def has_uncommitted(self) -> bool:
        """Whether stored records are waiting for a commit."""
        return bool(self._uncommitted)

    def lag(self, batch: Batch) -> dict[Topic, int]:
        """Records of each topic that are not stored yet, in this member's partitions."""
        held = batch.first_offsets()
        lag: dict[Topic, int] = {}
        for partition in self._partitions.held:
            topic = self._topics[partition.topic]
            lag[topic] = lag.get(topic, 0) + self._partition_lag(partition, held.get(partition))
        return lag

    def _partition_lag(self, partition: TopicPartition, held: int | None) -> int:
        try:
            highwater = self._consumer.highwater(partition)
            stored = self._consumer.position(partition, timeout_ms=0) if held is None else held
        except KafkaError:  # revoked a moment ago
            return 0
        return 0 if highwater is None or stored is None else max(highwater - stored, 0)

    def close(self) -> None:
        """Leave the group; if that fails, the broker expels this member after the session timeout."""
        try:
            self._consumer.close(autocommit=False, timeout_ms=_COMMIT_MILLISECONDS)
        except KafkaError as error:
            logger.warning("cannot leave the group: %s", explain(error))
        close_admin(self._admin)

    def _give_back(self, batch: Batch) -> list[TopicPartition]:
        """Drop revoked partitions from the batch; those that come back are read again from there.

        If a rebalance revokes a partition and assigns it again, however long that takes, the client keeps its position
        or begins at the committed offset. So the position is set here, while the partition is on its way, and what was
        read since then must be left out.
        """
        first = batch.first_offsets()
        revoked = [partition for partition in self._partitions.take_revoked() if partition in first]
        batch.drop(revoked)
        for partition in self._consumer.assignment().intersection(revoked):
            self._seek(partition, first[partition])
        return revoked

    def _seek(self, partition: TopicPartition, offset: int) -> None:
        with contextlib.suppress(ValueError):  # revoked a moment ago
            self._consumer.seek(partition, offset)

    def _transform(self, message: Any) -> Write:
        position = Position(message.topic, message.partition, message.offset, message.timestamp)
        return transform(self._topics[message.topic], position, message.key, message.value)
