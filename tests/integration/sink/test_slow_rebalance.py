"""A rebalance that takes longer than a poll: what the batch held of a revoked partition is read again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from kafka import KafkaConsumer, KafkaProducer

from segue_core.broker.topics import ensure_topics
from segue_core.contract import SinkFeed, Topic
from segue_core.settings import KafkaSettings
from segue_jobs.sink.batch import Batch
from segue_jobs.sink.reader import Reader

pytestmark = pytest.mark.slow

PARTITIONS, RECORDS = 3, 10


class OtherMember(threading.Thread):
    """Another consumer of the group, which may stop polling for a while, as a sink does in a slow transaction."""

    def __init__(self, settings: KafkaSettings) -> None:
        super().__init__(daemon=True)
        self.is_polling = threading.Event()
        self.is_polling.set()
        self.ending = threading.Event()
        self._settings = settings
        self.start()

    def run(self) -> None:
        consumer = KafkaConsumer(
            group_id=self._settings.sink_group, enable_auto_commit=False, **self._settings.client_options()
        )
        consumer.subscribe(topics=[self._settings.topic(topic) for topic in SinkFeed.TRACKS.topics])
        while not self.ending.is_set():
            if self.is_polling.is_set():
                consumer.poll(200)
            else:
                time.sleep(0.1)
        consumer.close(autocommit=False)

    def end(self) -> None:
        self.ending.set()
        self.is_polling.set()
        self.join(30)


def _read_until(reader: Reader, batch: Batch, condition: Callable[[], bool], *, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not condition():
        reader.read(batch, records=100, seconds=0.3)


def _produce(settings: KafkaSettings) -> None:
    producer = KafkaProducer(**settings.client_options(), acks="all")
    topic = settings.topic(Topic.TRACKS)
    sent = [producer.send(topic, value=b"m", partition=n) for n in range(PARTITIONS) for _ in range(RECORDS)]
    for future in sent:
        future.get(30)
    producer.close()


def test_nothing_is_skipped_when_partitions_come_back_late(kafka_settings: KafkaSettings) -> None:
    ensure_topics(kafka_settings)
    members = [OtherMember(kafka_settings)]
    reader = Reader(kafka_settings)
    try:
        _read_until(reader, Batch(), lambda: 0 < len(reader._partitions.held) < 3 * PARTITIONS, seconds=30)
        batch = Batch()
        _produce(kafka_settings)
        _read_until(reader, batch, lambda: len(batch) > 0, seconds=30)
        _read_until(reader, batch, lambda: False, seconds=1)
        members[0].is_polling.clear()  # the rebalance that the next member begins waits for this one
        members.append(OtherMember(kafka_settings))
        _read_until(reader, batch, lambda: not reader._partitions.held, seconds=10)
        _read_until(reader, batch, lambda: False, seconds=2)
        members[0].is_polling.set()
        _read_until(reader, batch, lambda: bool(reader._partitions.held), seconds=20)
        _produce(kafka_settings)
        _read_until(reader, batch, lambda: False, seconds=3)
        for partition in reader._partitions.held:
            if partition.topic == kafka_settings.topic(Topic.TRACKS):
                assert batch.first_offsets().get(partition) == 0, "the records read before the rebalance are skipped"
    finally:
        for member in members:
            member.end()
        reader.close()
