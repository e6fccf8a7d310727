"""A sink whose database or own process dies, or that shares its work: nothing is lost, nothing doubled."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pymongo import MongoClient

from segue_jobs.contract import Topic
from segue_jobs.runtime.mongodb import Document, connect, database
from segue_jobs.runtime.settings import KafkaSettings, MongoSettings
from segue_jobs.runtime.topics import ensure_topics
from segue_operator.local.servers import MongoServer, free_port
from support.sink import Group, SinkProcess, snapshot, wait_until
from support.tracks import produce, track_record

pytestmark = pytest.mark.slow

RECORDS = 4000


@pytest.fixture
def full_topic(kafka_settings: KafkaSettings) -> Iterator[Group]:
    """The sink's group, with some seconds of work before it."""
    ensure_topics(kafka_settings)
    produce(kafka_settings, Topic.TRACKS, map(track_record, range(RECORDS)))
    with Group(kafka_settings) as group:
        yield group


def _kill_server(server: MongoServer) -> None:
    """SIGKILL for the server behind its guard, as a machine that loses power does it."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text(encoding="utf-8").split()
    for child in children:
        os.kill(int(child), signal.SIGKILL)
    server.stop()


def _committed(group: Group) -> int:
    return sum(group.committed().values())


def test_a_database_killed_in_the_middle_loses_and_doubles_nothing(
    full_topic: Group, kafka_settings: KafkaSettings, tmp_path: Path
) -> None:
    server = MongoServer(tmp_path / "mongodb", port=free_port())
    server.start()
    settings = MongoSettings(uri=server.uri)
    try:
        with SinkProcess(kafka_settings, settings, tmp_path / "sink", batch_records=200) as sink:
            wait_until(lambda: _committed(full_topic) >= 600, why=sink.text)
            _kill_server(server)
            committed = _committed(full_topic)
            assert committed < RECORDS
            wait_until(lambda: "did not take a batch" in sink.text(), why=sink.text)
            server.start()
            with connect(settings) as client:
                assert database(client, settings).tracks.count_documents({}) >= committed
            wait_until(lambda: full_topic.lag() == 0, why=sink.text)
            assert sink.stop() == 0
        with connect(settings) as client:
            target = database(client, settings)
            assert target.tracks.count_documents({}) == RECORDS
            assert target.rejected.count_documents({}) == 0
    finally:
        server.stop()


def test_a_sink_killed_in_the_middle_of_a_batch_is_taken_over_by_the_next(
    full_topic: Group,
    kafka_settings: KafkaSettings,
    mongo_settings: MongoSettings,
    mongo_client: MongoClient[Document],
    tmp_path: Path,
) -> None:
    with SinkProcess(kafka_settings, mongo_settings, tmp_path) as sink:
        wait_until(lambda: _committed(full_topic) >= 500, why=sink.text)
        sink.kill()
    target = database(mongo_client, mongo_settings)
    committed, before = _committed(full_topic), snapshot(target)
    assert committed < RECORDS
    assert len(before) >= committed
    with SinkProcess(kafka_settings, mongo_settings, tmp_path) as sink:
        wait_until(lambda: full_topic.lag() == 0, seconds=90, why=sink.text)
        assert sink.stop() == 0
    after = snapshot(target)
    assert len(after) == RECORDS
    assert {name: after[name] for name in before} == before


def test_a_sink_that_leaves_hands_its_partitions_over(
    full_topic: Group,
    kafka_settings: KafkaSettings,
    mongo_settings: MongoSettings,
    mongo_client: MongoClient[Document],
    tmp_path: Path,
) -> None:
    with (
        SinkProcess(kafka_settings, mongo_settings, tmp_path / "first", batch_records=50) as first,
        SinkProcess(kafka_settings, mongo_settings, tmp_path / "second", batch_records=50) as second,
    ):
        wait_until(lambda: _committed(full_topic) >= 300, why=first.text)
        assert first.stop() == 0
        produce(kafka_settings, Topic.TRACKS, map(track_record, range(RECORDS, RECORDS + 200)))
        wait_until(lambda: full_topic.lag() == 0, why=second.text)
        assert second.stop() == 0
    assert database(mongo_client, mongo_settings).tracks.count_documents({}) == RECORDS + 200


def test_a_rebalance_while_the_database_is_away_loses_nothing_of_the_batch_in_hand(
    full_topic: Group, kafka_settings: KafkaSettings, tmp_path: Path
) -> None:
    server = MongoServer(tmp_path / "mongodb", port=free_port())
    server.start()
    settings = MongoSettings(uri=server.uri)
    try:
        with (
            SinkProcess(kafka_settings, settings, tmp_path / "first", batch_records=200) as first,
            SinkProcess(kafka_settings, settings, tmp_path / "second", batch_records=200) as second,
        ):
            wait_until(lambda: _committed(full_topic) >= 400, why=first.text)
            _kill_server(server)
            wait_until(lambda: all("did not take a batch" in sink.text() for sink in (first, second)), why=first.text)
            revocations = first.text().count("partitions revoked")
            assert second.stop() == 0
            wait_until(lambda: first.text().count("partitions revoked") > revocations, why=first.text)
            server.start()
            wait_until(lambda: full_topic.lag() == 0, why=first.text)
            assert first.stop() == 0
        with connect(settings) as client:
            assert database(client, settings).tracks.count_documents({}) == RECORDS
    finally:
        server.stop()


def test_a_sink_stopped_while_its_database_is_away_leaves_at_once_and_commits_nothing(
    full_topic: Group, kafka_settings: KafkaSettings, tmp_path: Path
) -> None:
    server = MongoServer(tmp_path / "mongodb", port=free_port())
    server.start()
    settings = MongoSettings(uri=server.uri)
    try:
        with SinkProcess(kafka_settings, settings, tmp_path / "sink", batch_records=100) as sink:
            wait_until(lambda: _committed(full_topic) >= 200, why=sink.text)
            _kill_server(server)
            wait_until(lambda: "did not take a batch" in sink.text(), why=sink.text)
            committed = _committed(full_topic)
            start = time.monotonic()
            assert sink.stop() == 0
            assert time.monotonic() - start < 30
            assert _committed(full_topic) == committed
        server.start()
        with connect(settings) as client:
            assert database(client, settings).tracks.count_documents({}) >= committed
    finally:
        server.stop()
