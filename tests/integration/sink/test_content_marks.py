"""What the sink writes changes the marks of the catalogue that it concerns, and of no other; a replay changes none."""

from __future__ import annotations

import msgspec
import pytest
from pymongo import MongoClient

from segue_core.contract import Reason, Stage, Topic
from segue_core.settings import MongoSettings
from segue_core.store.content_marks import content_fingerprint
from segue_core.store.database import Database, Document, database, ensure_indexes
from segue_core.store.position import Position
from segue_core.store.records import RejectedRecord, TrackRecord, encode
from segue_jobs.sink.transactions import Store
from segue_jobs.sink.transform import transform
from segue_jobs.sink.write import Write
from support.tracks import key_of, track_record


@pytest.fixture
def target(mongo_client: MongoClient[Document], mongo_settings: MongoSettings) -> Database:
    found = database(mongo_client, mongo_settings)
    ensure_indexes(found)
    return found


def stored(record: TrackRecord, offset: int, partition: int = 0) -> Write:
    return transform(Topic.TRACKS, Position("t", partition, offset, offset), key_of(record), encode(record))


def test_a_track_changes_its_catalogue_and_its_replay_does_not(
    mongo_client: MongoClient[Document], mongo_settings: MongoSettings, target: Database
) -> None:
    store, record = Store(mongo_client, mongo_settings), track_record(1)
    seen = [content_fingerprint(target, "fma")]
    for write in (
        stored(record, 1),
        stored(msgspec.structs.replace(record, metadata=msgspec.structs.replace(record.metadata, title="New")), 2),
        stored(track_record(2), 1, partition=1),
    ):
        for _ in range(2):
            store.write([write])
            if (found := content_fingerprint(target, "fma")) != seen[-1]:
                seen.append(found)
    assert (len(seen), len(set(seen))) == (4, 4)
    assert content_fingerprint(target, "other") is None
    store.write([stored(track_record(1, catalogue="other"), 3)])
    assert content_fingerprint(target, "fma") == seen[-1]
    assert content_fingerprint(target, "other") is not None


def test_a_rejection_changes_its_catalogue(
    mongo_client: MongoClient[Document], mongo_settings: MongoSettings, target: Database
) -> None:
    rejected = RejectedRecord(
        catalogue="fma", track_id="7", batch="one", batch_uid="uid", shard=0, stage=Stage.DECODE,
        reason=Reason.DECODE_ERROR, path="7.mp3", message="it is cut off",
    )  # fmt: skip
    write = transform(Topic.REJECTED, Position("r", 0, 1, 1), key_of(rejected), encode(rejected))
    Store(mongo_client, mongo_settings).write([write])
    assert content_fingerprint(target, "fma") is not None
