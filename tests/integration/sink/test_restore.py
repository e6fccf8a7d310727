"""Backup and restore as docs/how-to/back-up.md describes them: what Kafka still holds comes back, once."""

from pathlib import Path

import pytest
from pymongo import MongoClient

from segue_core.broker.topics import ensure_topics
from segue_core.contract import EventType, SinkFeed, Topic
from segue_core.listeners.profile import Profile
from segue_core.listeners.view import view
from segue_core.settings import KafkaSettings, MongoSettings
from segue_core.store.database import Database, Document, database
from segue_core.store.profiles import read_profile
from segue_core.store.schema import prepare
from support.backups import dump, restore
from support.events import BEGIN, event
from support.sink import Group, SinkProcess, drain, snapshot
from support.tracks import produce
from support.waiting import wait_until

pytestmark = pytest.mark.slow


def _likes(target: Database, user: str = "ann") -> tuple[str, ...]:
    document = read_profile(target, "fma", user)
    return () if document is None else tuple(sorted(view(Profile.of_document(document), BEGIN).likes))


def test_events_after_a_backup_come_back_from_the_topic(
    kafka_settings: KafkaSettings, mongo_settings: MongoSettings, mongo_client: MongoClient[Document], tmp_path: Path
) -> None:
    ensure_topics(kafka_settings)
    target = database(mongo_client, mongo_settings)
    prepare(target)
    produce(kafka_settings, Topic.EVENTS, [event(number, EventType.LIKE, f"t{number}") for number in range(20)])
    drain(kafka_settings, mongo_settings, tmp_path, SinkFeed.EVENTS)
    backup = dump(target)

    later = [event(100 + number, EventType.LIKE, f"late{number}") for number in range(20)]
    produce(
        kafka_settings,
        Topic.EVENTS,
        [*later, event(200, EventType.CLEAR, "t3"), event(201, EventType.LIKE, "x", user="bob")],
    )
    drain(kafka_settings, mongo_settings, tmp_path, SinkFeed.EVENTS)
    before = snapshot(target)

    restore(target, backup)
    assert len(_likes(target)) == 20
    with SinkProcess(kafka_settings, mongo_settings, tmp_path, only=SinkFeed.EVENTS) as sink:
        wait_until(lambda: snapshot(target) == before, why=sink.text)
        assert sink.stop() == 0
        assert "the database is older than the group's offsets" in sink.text()
    assert "late7" in _likes(target)
    assert "t3" not in _likes(target)


def test_a_restored_database_goes_on_with_an_empty_kafka(
    kafka_settings: KafkaSettings, mongo_settings: MongoSettings, mongo_client: MongoClient[Document], tmp_path: Path
) -> None:
    """The topic is new and its offsets begin at 0: that profiles have seen higher ones must not hide its events."""
    ensure_topics(kafka_settings)
    target = database(mongo_client, mongo_settings)
    produce(kafka_settings, Topic.EVENTS, [event(number, EventType.LIKE, f"t{number}") for number in range(20)])
    drain(kafka_settings, mongo_settings, tmp_path, SinkFeed.EVENTS)

    with Group(kafka_settings, SinkFeed.EVENTS) as group:
        group.delete_topic(Topic.EVENTS)
        ensure_topics(kafka_settings)
    produce(kafka_settings, Topic.EVENTS, [event(300, EventType.LIKE, "after")])
    with SinkProcess(kafka_settings, mongo_settings, tmp_path, only=SinkFeed.EVENTS) as sink:
        wait_until(lambda: "after" in _likes(target), why=sink.text)
        assert sink.stop() == 0
    assert len(_likes(target)) == 21
