"""The sink writes each batch in one transaction, which a majority must journal."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent
from pymongo.read_concern import ReadConcern

from segue_core.contract import EventType, Topic
from segue_core.settings import MongoSettings
from segue_core.store.database import Database, Document, database, ensure_indexes
from segue_core.store.position import Position
from segue_core.store.profiles import read_profile, read_profiles
from segue_core.store.records import encode
from segue_jobs.sink.event_transaction import ConflictError, write_events
from segue_jobs.sink.transactions import Store, StoreUnavailableError
from segue_jobs.sink.transform import transform
from segue_jobs.sink.write import RecordOutcome, Write
from support.events import BEGIN, event
from support.tracks import key_of, track_record

RECORDS = 300
ARRIVED = int((BEGIN + timedelta(days=1)).timestamp() * 1000)


class Commands(CommandListener):
    """The commands that a client sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Any]] = []

    def started(self, event: CommandStartedEvent) -> None:
        self.sent.append((event.command_name, event.command))

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Nothing to note."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Nothing to note."""


def test_a_batch_is_one_transaction_that_a_majority_journals(
    mongo_settings: MongoSettings, mongo_client: MongoClient[Document]
) -> None:
    target = database(mongo_client, mongo_settings)
    ensure_indexes(target)
    records = [track_record(number) for number in range(RECORDS)]
    writes = [
        transform(Topic.TRACKS, Position("t", 0, offset, 1), key_of(record), encode(record))
        for offset, record in enumerate(records)
    ]
    writes.append(transform(Topic.REJECTED, Position("r", 0, 0, 1), b"fma:1", b"no record"))
    commands = Commands()
    with MongoClient[Document](mongo_settings.uri, event_listeners=[commands]) as client:
        written = Store(client, mongo_settings).write(writes)
    assert sum(written.records.values()) == RECORDS + 1
    assert target.tracks.count_documents({}) == RECORDS
    transactions = {command["txnNumber"] for _, command in commands.sent if "txnNumber" in command}
    assert len(transactions) == 1
    assert all(command["autocommit"] is False for name, command in commands.sent if name in ("insert", "find"))
    [commit] = [command for name, command in commands.sent if name == "commitTransaction"]
    assert commit["writeConcern"] == {"w": "majority", "j": True}


def test_a_refused_document_is_rejected_whatever_its_catalogue_is_called(
    mongo_settings: MongoSettings, mongo_client: MongoClient[Document]
) -> None:
    target = database(mongo_client, mongo_settings)
    ensure_indexes(target)
    target.command("collMod", "tracks", validator={"recipe": {"$ne": "forbidden"}})
    record = track_record(1, catalogue="sink", recipe="forbidden")
    write = transform(Topic.TRACKS, Position("t", 0, 0, 1), key_of(record), encode(record))
    Store(mongo_client, mongo_settings).write([write])
    [rejected] = target.rejected.find()
    assert (rejected["catalogue"], rejected["trackId"], rejected["reason"]) == ("sink", "1", "StoreRefused")


def _events(numbers: Iterable[int]) -> list[Write]:
    records = [event(number, EventType.PLAY, f"t{number}") for number in numbers]
    positions = [Position("segue.events", 0, number, ARRIVED + number) for number in numbers]
    return [transform(Topic.EVENTS, at, key_of(one), encode(one)) for one, at in zip(records, positions, strict=True)]


def _write_late(client: MongoClient[Document], target: Database, owner: Store) -> None:
    """A transaction that begins before the partition's new owner writes, and ends after that."""
    with client.start_session() as session, session.start_transaction(read_concern=ReadConcern("snapshot")):
        assert read_profiles(target, ["fma:ann"], session)  # from here on, it sees what was there now
        owner.write(_events([1, 2]))
        write_events(target, _events([1]), session)


def test_a_sink_that_has_lost_its_partition_changes_nothing(
    mongo_settings: MongoSettings, mongo_client: MongoClient[Document]
) -> None:
    target = database(mongo_client, mongo_settings)
    ensure_indexes(target)
    owner = Store(mongo_client, mongo_settings)
    owner.write(_events([0]))
    with pytest.raises((ConflictError, OperationFailure)):
        _write_late(mongo_client, target, owner)
    assert target.events.count_documents({}) == 3
    profile = read_profile(target, "fma", "ann")
    assert profile is not None
    assert sorted(entry.track_id for entry in profile.plays) == ["t0", "t1", "t2"]
    assert Store(mongo_client, mongo_settings).write(_events([1])).records == {
        ("segue.events", RecordOutcome.REPEATED): 1
    }


def test_an_event_that_makes_a_profile_too_large_is_rejected_alone(
    mongo_settings: MongoSettings, mongo_client: MongoClient[Document]
) -> None:
    target = database(mongo_client, mongo_settings)
    ensure_indexes(target)
    target.command("collMod", "profiles", validator={"plays": {"$not": {"$size": 2}}})
    store = Store(mongo_client, mongo_settings)
    written = store.write(_events([0]))
    written.add(store.write(_events([1])))
    assert written.records == {("segue.events", RecordOutcome.STORED): 1, ("segue.events", RecordOutcome.REFUSED): 1}
    [rejected] = target.rejected.find()
    assert (rejected["user"], rejected["trackId"], rejected["reason"]) == ("ann", "t1", "StoreRefused")


LEAVE_OPEN = """
import os, sys
from pymongo import MongoClient
session = MongoClient(sys.argv[1]).start_session()
session.start_transaction()
session.client[sys.argv[2]].tracks.insert_one({"_id": sys.argv[3]}, session=session)
os._exit(9)
"""


def test_what_a_killed_sink_left_open_is_explained_and_stops_nothing_else(
    mongo_settings: MongoSettings, mongo_client: MongoClient[Document]
) -> None:
    target = database(mongo_client, mongo_settings)
    ensure_indexes(target)
    held, free = track_record(1), track_record(2)
    arguments = [mongo_settings.uri, mongo_settings.database, key_of(held).decode()]
    subprocess.run([sys.executable, "-c", LEAVE_OPEN, *arguments], check=False)
    store = Store(mongo_client, mongo_settings)
    with pytest.raises(StoreUnavailableError, match="a killed program has left open"):
        store.write([transform(Topic.TRACKS, Position("t", 0, 0, 1), key_of(held), encode(held))])
    store.write([transform(Topic.TRACKS, Position("t", 0, 1, 1), key_of(free), encode(free))])
    assert [found["_id"] for found in target.tracks.find()] == ["fma:2"]
