"""The producer outlives its client, with limited patience and bounded memory."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from segue.servers.embedded import KafkaServer, free_port
from segue_core.broker.topics import ensure_topics
from segue_core.contract import Reason, Stage
from segue_core.errors import ConfigurationError, ProgramError
from segue_core.settings import KafkaSettings
from segue_core.store.records import RejectedRecord
from segue_jobs.extract.producer import MAXIMUM_BYTES_IN_FLIGHT, RecordProducer
from support.extract import Produced
from support.kafka_proxy import NOT_LEADER, KafkaProxy


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
    with pytest.raises(ProgramError, match=f"cannot reach Kafka at {settings.bootstrap}.*is the broker running"):
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


def test_a_record_that_the_broker_never_accepts_does_not_loop_forever(kafka_settings: KafkaSettings) -> None:
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
    with pytest.raises(ProgramError, match="accepted no records for"):
        send_all(producer, rejected(2))


@pytest.fixture
def proxy(kafka_server: KafkaServer) -> Iterator[KafkaProxy]:
    """The session's broker behind a proxy."""
    with KafkaProxy(kafka_server) as proxy:
        yield proxy


@pytest.fixture
def proxied(kafka_settings: KafkaSettings, proxy: KafkaProxy) -> KafkaSettings:
    """Topics for this test alone, with one partition each, behind the proxy."""
    settings = replace(kafka_settings, bootstrap=proxy.bootstrap, partitions=1)
    ensure_topics(settings)
    return settings


class Rebuilds:
    """Counts rebuilds."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


def in_order(settings: KafkaSettings) -> list[int]:
    """Numbers of the records on the topic, in order."""
    return [int(key.partition(":")[2]) for key in Produced(settings).keys]


def warnings(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """What the producer itself has logged."""
    return [record for record in caplog.records if record.name == "segue_jobs.extract.producer"]


def clients() -> set[str]:
    """Living network threads of kafka-python's producers."""
    return {thread.name for thread in threading.enumerate() if thread.name.endswith("-network-thread")}


def test_an_error_that_the_client_does_not_know_costs_no_record(
    proxied: KafkaSettings, proxy: KafkaProxy, caplog: pytest.LogCaptureFixture
) -> None:
    """The client is then in a fatal state, in which it fails every record."""
    rebuilds = Rebuilds()
    before = clients()
    with RecordProducer(proxied, on_rebuild=rebuilds) as producer:
        producer.send(rejected(0))
        producer.flush()
        proxy.wrong_answers = 1
        for number in range(1, 30):
            producer.send(rejected(number))
        producer.flush()
        assert producer.bytes_in_flight == 0
    assert rebuilds.count == 1
    assert proxy.produce_requests == 3
    produced = in_order(proxied)
    assert produced[-29:] == list(range(1, 30))  # all were sent again, in their order
    assert produced[0] == 0
    [warning] = warnings(caplog)
    assert vars(warning)["failed"] == vars(warning)["records"] == 29
    assert clients() == before


def test_repeated_errors_are_retried_with_growing_pauses(
    proxied: KafkaSettings, proxy: KafkaProxy, caplog: pytest.LogCaptureFixture
) -> None:
    rebuilds = Rebuilds()
    proxy.wrong_answers = 3
    with RecordProducer(proxied, on_rebuild=rebuilds) as producer:
        for number in range(100):
            producer.send(rejected(number))
        producer.flush()
    assert (rebuilds.count, proxy.produce_requests) == (3, 4)
    assert in_order(proxied)[-100:] == list(range(100))
    times = [warning.created for warning in warnings(caplog)]
    assert all(later - earlier >= 0.99 for earlier, later in pairwise(times))


def test_errors_without_end_end_the_shard_and_are_named(
    proxied: KafkaSettings, proxy: KafkaProxy, caplog: pytest.LogCaptureFixture
) -> None:
    proxy.wrong_answers = 1_000_000
    before = clients()
    with pytest.raises(ProgramError, match=r"accepted no records for .*check the broker \(last error: UnknownError"):
        send_all(RecordProducer(proxied, patience_seconds=4), rejected(1), rejected(2))
    assert proxy.produce_requests < 10
    assert len(warnings(caplog)) < 10
    assert clients() == before


def test_a_broker_that_says_nothing_is_asked_by_a_new_client(proxied: KafkaSettings, proxy: KafkaProxy) -> None:
    """Requests that are silently lost, as when a firewall has dropped a connection."""
    rebuilds = Rebuilds()
    before = clients()
    with RecordProducer(proxied, silence_seconds=1, on_rebuild=rebuilds) as producer:
        producer.send(rejected(0))
        producer.flush()
        proxy.deaf = True
        producer.send(rejected(1))
        threading.Timer(4, setattr, (proxy, "deaf", False)).start()
        producer.flush()
        assert producer.bytes_in_flight == 0
    assert rebuilds.count >= 1
    assert set(in_order(proxied)) == {0, 1}
    assert clients() == before


def test_memory_is_bounded_and_leaving_hangs_not_while_the_broker_says_nothing(
    proxied: KafkaSettings, proxy: KafkaProxy
) -> None:
    before = clients()
    producer = RecordProducer(proxied, patience_seconds=3, silence_seconds=1)
    producer.send(rejected(0))
    producer.flush()
    proxy.deaf = True
    with pytest.raises(ProgramError, match="accepted no records"):
        send_all(producer, *(rejected(number, 100_000) for number in range(400)))
    assert MAXIMUM_BYTES_IN_FLIGHT <= producer.bytes_in_flight < MAXIMUM_BYTES_IN_FLIGHT + 200_000
    assert clients() == before


@pytest.mark.faults
def test_a_batch_that_expires_while_it_is_retried_costs_no_record(proxied: KafkaSettings, proxy: KafkaProxy) -> None:
    """The client then forgets its producer id, does not request a new one, and never sends again."""
    rebuilds = Rebuilds()
    with RecordProducer(proxied, on_rebuild=rebuilds) as producer:
        proxy.error_code, proxy.wrong_answers = NOT_LEADER, 1_000_000
        for number in range(10):
            producer.send(rejected(number))
        threading.Timer(62, setattr, (proxy, "wrong_answers", 0)).start()
        producer.flush()
    assert rebuilds.count >= 1
    assert list(dict.fromkeys(in_order(proxied))) == list(range(10))


@pytest.mark.faults
def test_a_broker_that_is_stopped_for_longer_than_a_delivery_may_take(tmp_path: Path) -> None:
    with KafkaServer(tmp_path, port=free_port()) as server:
        settings = KafkaSettings(bootstrap=server.bootstrap, create_topics=True, partitions=1)
        ensure_topics(settings)
        with RecordProducer(settings) as producer:
            producer.send(rejected(0))
            producer.flush()
            server.stop()
            for number in range(1, 50):
                producer.send(rejected(number))
            threading.Timer(80, server.launch, (server.port,)).start()
            producer.flush()
        assert list(dict.fromkeys(in_order(settings))) == list(range(50))
