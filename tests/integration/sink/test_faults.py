"""The sink or its database dies, or sinks share the work: nothing is lost, and nothing is duplicated."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pymongo import MongoClient

from segue.servers.embedded import MongoServer, free_port
from segue_core.broker.topics import ensure_topics
from segue_core.contract import Topic
from segue_core.settings import KafkaSettings, MongoSettings
from segue_core.store.database import Document, database
from support.processes import kill_server
from support.sink import Group, SinkProcess, snapshot, stored_tracks
from support.tracks import produce, track_record
from support.waiting import wait_until

pytestmark = pytest.mark.slow

RECORDS = 4000


@pytest.fixture
def group(kafka_settings: KafkaSettings) -> Iterator[Group]:
    """The sink's group, with nothing to do yet."""
    ensure_topics(kafka_settings)
    with Group(kafka_settings) as group:
        yield group


@pytest.fixture
def full_topic(group: Group, kafka_settings: KafkaSettings) -> Group:
    """The sink's group, with a few seconds of work to do."""
    produce(kafka_settings, Topic.TRACKS, map(track_record, range(RECORDS)))
    return group


@pytest.fixture
def own_database(tmp_path: Path) -> Iterator[MongoServer]:
    """A database server for the test alone, which it may kill and restart on the same port."""
    with MongoServer(tmp_path / "mongodb", port=free_port()) as server:
        yield server


def _committed(group: Group) -> int:
    return sum(group.committed().values())


def _kill_in_the_middle(server: MongoServer, group: Group, sink: SinkProcess) -> int:
    """Kill the database while the sink is working; return how many records were committed by then."""
    wait_until(lambda: _committed(group) >= 400, why=sink.text)
    kill_server(server)
    server.stop()
    wait_until(lambda: "did not accept a batch" in sink.text(), why=sink.text)
    committed = _committed(group)
    assert committed < RECORDS
    return committed


def test_a_database_killed_in_the_middle_loses_and_doubles_nothing(
    full_topic: Group, own_database: MongoServer, kafka_settings: KafkaSettings, tmp_path: Path
) -> None:
    settings = MongoSettings(uri=own_database.uri)
    with SinkProcess(kafka_settings, settings, tmp_path, batch_records=200) as sink:
        committed = _kill_in_the_middle(own_database, full_topic, sink)
        own_database.start()
        assert stored_tracks(own_database) >= committed
        wait_until(lambda: full_topic.lag() == 0, why=sink.text)
        assert sink.stop() == 0
    assert stored_tracks(own_database) == RECORDS


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
    group: Group, own_database: MongoServer, kafka_settings: KafkaSettings, tmp_path: Path
) -> None:
    settings = MongoSettings(uri=own_database.uri)
    with (
        SinkProcess(kafka_settings, settings, tmp_path / "first", batch_records=200) as first,
        SinkProcess(kafka_settings, settings, tmp_path / "second", batch_records=200) as second,
    ):
        both = (first, second)
        wait_until(lambda: all("partitions assigned" in sink.text() for sink in both), why=second.text)
        kill_server(own_database)
        own_database.stop()
        produce(kafka_settings, Topic.TRACKS, map(track_record, range(RECORDS)))
        wait_until(lambda: all("did not accept a batch" in sink.text() for sink in both), why=second.text)
        assert _committed(group) == 0
        revocations = first.text().count("partitions revoked")
        assert second.stop() == 0
        wait_until(lambda: first.text().count("partitions revoked") > revocations, why=first.text)
        own_database.start()
        wait_until(lambda: group.lag() == 0, why=first.text)
        assert first.stop() == 0
    assert stored_tracks(own_database) == RECORDS


def test_a_sink_stopped_while_its_database_is_away_leaves_at_once_and_commits_nothing(
    full_topic: Group, own_database: MongoServer, kafka_settings: KafkaSettings, tmp_path: Path
) -> None:
    settings = MongoSettings(uri=own_database.uri)
    with SinkProcess(kafka_settings, settings, tmp_path, batch_records=100) as sink:
        committed = _kill_in_the_middle(own_database, full_topic, sink)
        assert sink.stop() == 0
        assert _committed(full_topic) == committed
    own_database.start()
    assert stored_tracks(own_database) >= committed
