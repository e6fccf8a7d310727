"""The producer's patience has an end, and its memory a bound."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue_jobs.contract import Reason, Stage
from segue_jobs.extract.producer import MAXIMUM_BYTES_IN_FLIGHT, RecordProducer
from segue_jobs.records import RejectedRecord
from segue_jobs.runtime.program import ConfigurationError, ProgramError
from segue_jobs.runtime.settings import KafkaSettings
from segue_jobs.runtime.topics import ensure_topics
from segue_operator.local.servers import KafkaServer, free_port
from support.extract import Produced


def rejected(number: int, size: int = 10) -> RejectedRecord:
    return RejectedRecord(
        catalogue="c", track_id=str(number), batch="b", batch_uid="u", shard=0, stage=Stage.LIST,
        reason=Reason.NO_AUDIO, path="x" * size, message="m",
    )  # fmt: skip


def send_all(producer: RecordProducer, *records: RejectedRecord) -> None:
    with producer:
        for record in records:
            producer.send(record)
        producer.flush()


def test_no_broker_is_explained() -> None:
    settings = KafkaSettings(bootstrap=f"127.0.0.1:{free_port()}")
    with pytest.raises(ProgramError, match=f"cannot reach Kafka at {settings.bootstrap}.*is the broker up"):
        RecordProducer(settings, bootstrap_seconds=1.0)


def test_what_is_in_flight_is_bounded_and_all_of_it_arrives(kafka_settings: KafkaSettings) -> None:
    ensure_topics(kafka_settings)
    most = 0
    with RecordProducer(kafka_settings) as producer:
        for number in range(400):
            producer.send(rejected(number, 100_000))
            most = max(most, producer.bytes_in_flight)
        producer.flush()
        assert producer.bytes_in_flight == 0
    assert 1 << 20 < most < MAXIMUM_BYTES_IN_FLIGHT + 200_000
    assert len(Produced(kafka_settings).rejected) == 400


def test_a_record_that_the_broker_will_never_take_is_no_endless_loop(kafka_settings: KafkaSettings) -> None:
    ensure_topics(kafka_settings)
    with pytest.raises(ConfigurationError, match="refuses the records"):
        send_all(RecordProducer(kafka_settings), rejected(1, 2_000_000))


def test_a_broker_that_stays_away_ends_the_shard_for_a_retry(tmp_path: Path) -> None:
    with KafkaServer(tmp_path) as server:
        settings = KafkaSettings(bootstrap=server.bootstrap, create_topics=True, partitions=1)
        ensure_topics(settings)
        producer = RecordProducer(settings, patience_seconds=1.0)
        producer.send(rejected(1))
        producer.flush()
    with pytest.raises(ProgramError, match="has taken no record for"):
        send_all(producer, rejected(2))
