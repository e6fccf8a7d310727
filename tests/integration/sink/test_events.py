"""Events and profiles with a real broker and database: what is stored, what is rejected, what a replay does."""

from pathlib import Path

import pytest
from pymongo import MongoClient

from segue_core.broker.topics import ensure_topics
from segue_core.contract import EventType, Reason, SinkFeed, Topic
from segue_core.listeners.profile import Profile
from segue_core.listeners.view import view
from segue_core.settings import KafkaSettings, MongoSettings
from segue_core.store.database import Database, Document, database
from segue_core.store.events import read_events
from segue_core.store.positions import read_positions
from segue_core.store.profiles import read_profile
from segue_core.store.records import StatedPreferences, encode
from support.events import BEGIN, event
from support.sink import Group, SinkProcess, drain, snapshot
from support.tracks import key_of, produce, send
from support.waiting import wait_until

pytestmark = pytest.mark.slow


def _drain(kafka: KafkaSettings, mongo: MongoSettings, directory: Path) -> str:
    return drain(kafka, mongo, directory, SinkFeed.EVENTS)


def _replay(kafka: KafkaSettings, mongo: MongoSettings, directory: Path) -> None:
    with Group(kafka, SinkFeed.EVENTS) as group:
        group.reset()
        assert group.lag() > 0
    _drain(kafka, mongo, directory)


def _profile(target: Database, user: str = "ann") -> Profile:
    document = read_profile(target, "fma", user)
    assert document is not None
    return Profile.of_document(document)


def test_an_event_and_its_profile_are_stored_once_however_often_the_topic_is_read(
    kafka_settings: KafkaSettings, mongo_settings: MongoSettings, mongo_client: MongoClient[Document], tmp_path: Path
) -> None:
    ensure_topics(kafka_settings)
    plays = [event(number, EventType.PLAY, f"t{number}") for number in range(50)]
    stated = event(51, EventType.PREFERENCES, preferences=StatedPreferences(genres=("Jazz",)))
    likes = [event(100 + number, EventType.LIKE, "x", user=f"user {number}") for number in range(40)]
    produce(kafka_settings, Topic.EVENTS, [*plays, stated, *likes, plays[3], likes[5]])
    _drain(kafka_settings, mongo_settings, tmp_path)

    target = database(mongo_client, mongo_settings)
    assert target.events.count_documents({}) == 91
    assert list(read_events(target, "fma", "ann", limit=2)) == [stated, plays[49]]
    assert list(read_events(target, "fma", "ann", limit=2, offset=2)) == [plays[48], plays[47]]
    told = view(_profile(target), stated.time)
    assert (len(told.plays), told.plays["t49"], told.preferences.genres) == (50, pytest.approx(1, abs=0.01), ("Jazz",))
    assert view(_profile(target, "user 5"), BEGIN).likes == ("x",)
    with Group(kafka_settings, SinkFeed.EVENTS) as group:
        ends = {partition.partition: end for partition, end in group.ends().items() if end}
    reached = read_positions(target, kafka_settings.topic(Topic.EVENTS))
    assert {partition: position.offset + 1 for partition, position in reached.items()} == ends

    before = snapshot(target)
    _replay(kafka_settings, mongo_settings, tmp_path)
    assert snapshot(target) == before


def test_malformed_events_are_rejected_with_their_reason(
    kafka_settings: KafkaSettings, mongo_settings: MongoSettings, mongo_client: MongoClient[Document], tmp_path: Path
) -> None:
    ensure_topics(kafka_settings)
    good = event(1, EventType.LIKE, "a")
    bad = event(2, EventType.PLAY, "a", position_ms=9, duration_ms=5, client="x" * 501)
    messages: list[tuple[bytes | None, bytes | None]] = [
        (key_of(bad), encode(bad)),
        (b"fma:bob", encode(good)),
        (b"fma:cid", b'{"catalogue":"fma","user":"cid","trackId":"7"}'),
        (b"fma:dan", None),
    ]
    send(kafka_settings, Topic.EVENTS, [*messages, (key_of(good), encode(good))])
    log = _drain(kafka_settings, mongo_settings, tmp_path)

    target = database(mongo_client, mongo_settings)
    assert target.events.count_documents({}) == 1
    rejected = {document["key"]: document for document in target.rejected.find()}
    assert {document["reason"] for document in rejected.values()} == {Reason.MALFORMED_RECORD}
    assert rejected["fma:ann"]["message"].endswith(
        "client must have at most 500 characters, not 501; positionMs 9 is beyond durationMs 5"
    )
    assert rejected["fma:bob"]["message"].endswith("its key is b'fma:bob', not 'fma:ann'")
    assert (rejected["fma:cid"]["user"], rejected["fma:cid"]["trackId"]) == ("cid", "7")
    assert "it is empty" in rejected["fma:dan"]["message"]
    assert "records rejected" in log


def test_an_erased_listener_does_not_come_back(
    kafka_settings: KafkaSettings, mongo_settings: MongoSettings, mongo_client: MongoClient[Document], tmp_path: Path
) -> None:
    ensure_topics(kafka_settings)
    produce(kafka_settings, Topic.EVENTS, [event(number, EventType.LIKE, f"t{number}") for number in range(20)])
    produce(kafka_settings, Topic.EVENTS, [event(30, EventType.LIKE, "t", user="bob")])
    send(kafka_settings, Topic.EVENTS, [(b"fma:ann", b'{"user":"ann"}')])
    _drain(kafka_settings, mongo_settings, tmp_path)
    target = database(mongo_client, mongo_settings)
    assert (target.events.count_documents({"user": "ann"}), target.rejected.count_documents({})) == (20, 1)

    late = event(41, EventType.LIKE, "late", minutes=25)
    produce(kafka_settings, Topic.EVENTS, [event(40, EventType.ERASE), late])
    _drain(kafka_settings, mongo_settings, tmp_path)
    left = [name for name, raw in snapshot(target).items() if b"ann" in raw and not name.startswith("positions/")]
    assert left == ["profiles/fma:ann"]
    profile = _profile(target)
    assert profile == Profile(catalogue="fma", user="ann", erasure=profile.erasure, seen=profile.seen)
    assert target.events.count_documents({"user": "bob"}) == 1

    before = snapshot(target)
    _replay(kafka_settings, mongo_settings, tmp_path)
    after = snapshot(target)
    # the record that names no event is rejected again: nothing tells that it is older
    assert {name: raw for name, raw in after.items() if not name.startswith("rejected/")} == before
    produce(kafka_settings, Topic.EVENTS, [event(50, EventType.LIKE, "new")])
    _drain(kafka_settings, mongo_settings, tmp_path)
    assert view(_profile(target), BEGIN).likes == ("new",)


def test_a_recreated_topic_adds_to_what_the_old_one_left(
    kafka_settings: KafkaSettings, mongo_settings: MongoSettings, mongo_client: MongoClient[Document], tmp_path: Path
) -> None:
    ensure_topics(kafka_settings)
    produce(kafka_settings, Topic.EVENTS, (event(number, EventType.LIKE, f"t{number}") for number in range(12)))
    send(kafka_settings, Topic.EVENTS, [(b"fma:poison", b"{}")])
    _drain(kafka_settings, mongo_settings, tmp_path)
    target = database(mongo_client, mongo_settings)
    assert (target.events.count_documents({}), target.rejected.count_documents({})) == (12, 1)

    with Group(kafka_settings, SinkFeed.EVENTS) as group:
        group.delete_topic(Topic.EVENTS)
        ensure_topics(kafka_settings)
        produce(kafka_settings, Topic.EVENTS, (event(number, EventType.LIKE, f"t{number}") for number in range(20, 32)))
        send(kafka_settings, Topic.EVENTS, [(b"fma:poison", b"{}")])
        _drain(kafka_settings, mongo_settings, tmp_path)
        assert (target.events.count_documents({}), target.rejected.count_documents({})) == (24, 2)
        assert len(view(_profile(target), BEGIN).likes) == 24
        after = snapshot(target)
        group.reset()
        _drain(kafka_settings, mongo_settings, tmp_path)
    assert snapshot(target) == after


def test_no_event_is_lost_or_counted_twice_when_sinks_are_killed_and_partitions_move(
    kafka_settings: KafkaSettings, mongo_settings: MongoSettings, mongo_client: MongoClient[Document], tmp_path: Path
) -> None:
    ensure_topics(kafka_settings)
    users = [f"user {number}" for number in range(7)]
    events = [
        event(number, EventType.PLAY, f"t{number % 5}", user=users[number % 7], minutes=number / 100)
        for number in range(700)
    ]
    produce(kafka_settings, Topic.EVENTS, events)
    target = database(mongo_client, mongo_settings)
    arguments = {"only": SinkFeed.EVENTS, "batch_records": 20}
    with Group(kafka_settings, SinkFeed.EVENTS) as group:
        for attempt in range(2):
            stored = target.events.estimated_document_count()
            with SinkProcess(kafka_settings, mongo_settings, tmp_path / f"killed{attempt}", **arguments) as sink:
                # the server keeps what a killed sink left open for up to a minute
                wait_until(lambda: target.events.estimated_document_count() > stored, seconds=180, why=sink.text)  # noqa: B023
                sink.kill()
        with (
            SinkProcess(kafka_settings, mongo_settings, tmp_path / "one", **arguments) as one,
            SinkProcess(kafka_settings, mongo_settings, tmp_path / "two", **arguments) as two,
        ):
            wait_until(lambda: group.lag() == 0, seconds=180, why=lambda: one.text() + two.text())
    assert target.events.count_documents({}) == 700
    for user in users:
        plays = view(_profile(target, user), events[-1].time).plays
        assert plays == dict.fromkeys((f"t{number}" for number in range(5)), pytest.approx(20, abs=0.01)), user
