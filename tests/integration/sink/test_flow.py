"""A sink with a real broker and database: what it stores, what it rejects, what a replay does."""

import base64
from pathlib import Path

import pytest
from pymongo import MongoClient

from segue_core.broker.topics import ensure_topics
from segue_core.contract import ExitCode, Reason, Stage, Topic
from segue_core.settings import KafkaSettings, MongoSettings
from segue_core.store.database import Document, database, ensure_indexes, of_catalogue
from segue_core.store.records import RejectedRecord, encode
from support.sink import Group, SinkProcess, drain, snapshot
from support.tracks import key_of, produce, send, track_record
from support.waiting import wait_until

pytestmark = pytest.mark.slow


def _rejection(number: int) -> RejectedRecord:
    return RejectedRecord(
        catalogue="fma", track_id=str(number), batch="one", batch_uid="uid-one", shard=0, stage=Stage.DECODE,
        reason=Reason.DECODE_ERROR, path=f"{number}.mp3", message="not audio",
    )  # fmt: skip


def test_every_record_is_stored_and_a_replay_changes_no_document(
    kafka_settings: KafkaSettings, mongo_settings: MongoSettings, mongo_client: MongoClient[Document], tmp_path: Path
) -> None:
    ensure_topics(kafka_settings)
    produce(kafka_settings, Topic.TRACKS, (track_record(number) for number in range(1200)))
    produce(kafka_settings, Topic.TRACKS, (track_record(number, batch="two", recipe="r2") for number in range(100)))
    produce(kafka_settings, Topic.REJECTED, (_rejection(number) for number in range(2000, 2050)))
    drain(kafka_settings, mongo_settings, tmp_path)

    target = database(mongo_client, mongo_settings)
    assert target.tracks.count_documents(of_catalogue("fma")) == 1200
    assert target.tracks.count_documents({"batchUid": "uid-two", "recipe": "r2"}) == 100
    assert target.rejected.count_documents({"_id": {"$gte": "uid-one:", "$lt": "uid-one;"}}) == 50

    before = snapshot(target)
    with Group(kafka_settings) as group:
        group.reset()
        assert group.lag() == 1350
    drain(kafka_settings, mongo_settings, tmp_path)
    assert snapshot(target) == before


def test_poison_in_the_middle_of_a_partition_is_rejected_and_blocks_nothing(
    kafka_settings: KafkaSettings, mongo_settings: MongoSettings, mongo_client: MongoClient[Document], tmp_path: Path
) -> None:
    ensure_topics(kafka_settings)
    good = [(key_of(record), encode(record)) for record in (track_record(number) for number in range(300))]
    with_null = good[150][1].replace(b'"timbre":[', b'"timbre":[null,', 1)
    poison = [(b"fma:a", b"\xff\xfe"), (b"fma:gone", None), (b"fma:other", good[5][1]), (good[150][0], with_null)]
    send(kafka_settings, Topic.TRACKS, good[:100] + poison + [pair for pair in good[100:] if pair != good[150]])
    send(kafka_settings, Topic.REJECTED, [(b"fma:9", b"{}")])
    log = drain(kafka_settings, mongo_settings, tmp_path)

    target = database(mongo_client, mongo_settings)
    assert target.tracks.count_documents({}) == 299
    rejected = list(target.rejected.find())
    assert len(rejected) == 5
    assert {document["reason"] for document in rejected} == {Reason.MALFORMED_RECORD}
    for document in rejected:
        assert document["_id"] == "sink:{topic}:{partition}:{offset}:{timestamp}".format(**document["kafka"])
    bad = next(document for document in rejected if document["key"] == "fma:a")
    assert base64.b64decode(bad["original"]) == b"\xff\xfe"
    claimed = next(document for document in rejected if document["trackId"] == "150")
    assert (claimed["batchUid"], claimed["shard"]) == ("uid-one", 150 % 4)
    assert "families" in claimed["message"]
    assert "records rejected" in log


def test_a_document_that_the_database_refuses_is_split_off(
    kafka_settings: KafkaSettings, mongo_settings: MongoSettings, mongo_client: MongoClient[Document], tmp_path: Path
) -> None:
    ensure_topics(kafka_settings)
    target = database(mongo_client, mongo_settings)
    ensure_indexes(target)
    target.command("collMod", "tracks", validator={"recipe": {"$ne": "forbidden"}})
    records = [track_record(number, recipe="forbidden" if number in (17, 180) else "r1") for number in range(250)]
    produce(kafka_settings, Topic.TRACKS, records)
    drain(kafka_settings, mongo_settings, tmp_path)

    assert target.tracks.count_documents({}) == 248
    refused = {document["trackId"]: document for document in target.rejected.find()}
    assert set(refused) == {"17", "180"}
    assert refused["17"]["reason"] == Reason.STORE_REFUSED
    assert refused["17"]["batchUid"] == "uid-one"
    assert "validation" in refused["17"]["message"].lower()


def test_a_sink_with_nothing_to_do_is_ready_and_stops(
    kafka_settings: KafkaSettings, mongo_settings: MongoSettings, tmp_path: Path
) -> None:
    with SinkProcess(kafka_settings, mongo_settings, tmp_path) as sink:
        wait_until(lambda: "partitions assigned" in sink.text(), why=sink.text)
        assert sink.stop() == 0
    assert (tmp_path / "termination.json").read_text(encoding="utf-8") == "{}"


def test_unreachable_servers_are_named(
    kafka_settings: KafkaSettings, mongo_settings: MongoSettings, tmp_path: Path
) -> None:
    nowhere = MongoSettings(uri="mongodb://user:secret@127.0.0.1:9/?connectTimeoutMS=200", database="x")
    with SinkProcess(kafka_settings, nowhere, tmp_path) as sink:
        assert sink.process.wait(timeout=60) == ExitCode.OUTAGE
        assert "MongoDB at 127.0.0.1:9 does not answer" in sink.text()
        assert "secret" not in sink.text()
