"""What the sink asks of the database: one transaction a batch, journalled by a majority."""

from __future__ import annotations

from typing import Any

from pymongo import MongoClient
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from segue_jobs.contract import Topic
from segue_jobs.records import encode
from segue_jobs.runtime.mongodb import Document, database, ensure_indexes
from segue_jobs.runtime.settings import MongoSettings
from segue_jobs.sink.position import Position
from segue_jobs.sink.store import Store
from segue_jobs.sink.transform import transform
from support.tracks import key_of, track_record

RECORDS = 300


class Commands(CommandListener):
    """Commands that a client has sent."""

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
        outcomes = Store(client, mongo_settings).write(writes)
    assert sum(outcomes.values()) == RECORDS + 1
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
