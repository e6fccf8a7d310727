"""The broker's log contains compressed, numbered batches, and each record once, although the broker was killed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from kafka.record.default_records import DefaultRecordBatch
from kafka.record.memory_records import MemoryRecords

from segue.servers.embedded import KafkaServer, free_port
from segue_core.broker.topics import ensure_topics
from segue_core.contract import Topic
from segue_core.settings import KafkaSettings
from segue_jobs.extract.producer import RecordProducer
from support.extract import Produced
from support.processes import kill_server
from support.tracks import track_record

pytestmark = pytest.mark.slow

RECORDS = 900


def batches(server: KafkaServer, settings: KafkaSettings, topic: Topic) -> Iterator[list[DefaultRecordBatch]]:
    """Record batches of each partition's log segment, as they are on disk."""
    for segment in sorted(server.directory.glob(f"data/{settings.topic(topic)}-*/*.log")):
        records = MemoryRecords(segment.read_bytes())
        found = []
        while (batch := records.next_batch()) is not None:
            found.append(batch)
        yield found


def test_batches_are_compressed_and_numbered_by_their_producer(
    kafka_server: KafkaServer, kafka_settings: KafkaSettings
) -> None:
    ensure_topics(kafka_settings)
    with RecordProducer(kafka_settings) as producer:
        for number in range(RECORDS):
            producer.send(track_record(number))
        producer.flush()
    partitions = list(batches(kafka_server, kafka_settings, Topic.TRACKS))
    assert sum(len(partition) > 0 for partition in partitions) == kafka_settings.partitions
    producers = set()
    for partition in partitions:
        assert {batch.compression_type for batch in partition} == {DefaultRecordBatch.CODEC_LZ4}
        sizes = [sum(1 for _ in batch) for batch in partition]
        assert [batch.base_sequence for batch in partition] == [sum(sizes[:place]) for place in range(len(sizes))]
        producers |= {(batch.producer_id, batch.producer_epoch) for batch in partition}
    assert len(producers) == 1
    assert min(producers) >= (0, 0)


def test_a_broker_killed_in_mid_production_doubles_no_record(tmp_path: Path) -> None:
    with KafkaServer(tmp_path, port=free_port()) as server:
        settings = KafkaSettings(bootstrap=server.bootstrap, create_topics=True, partitions=1)
        ensure_topics(settings)
        with RecordProducer(settings) as producer:
            for number in range(RECORDS):
                producer.send(track_record(number))
                if number == RECORDS // 2:
                    kill_server(server)
                    server.restart()
            producer.flush()
        assert sorted(Produced(settings).keys) == sorted(f"fma:{number}" for number in range(RECORDS))
        [partition] = batches(server, settings, Topic.TRACKS)
        assert all(earlier.base_sequence < later.base_sequence for earlier, later in pairwise(partition))
