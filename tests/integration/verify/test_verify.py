"""Verifying a batch whose records a real sink has stored, or has not."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from kafka import KafkaConsumer
from pymongo import MongoClient

from segue.servers.embedded import KafkaServer
from segue_core.broker.topics import ensure_topics
from segue_core.contract import ExitCode, MetadataFormat, Reason, Stage, Topic, VerifyArguments, VerifySummary
from segue_core.errors import ProgramError
from segue_core.settings import KafkaSettings, MongoSettings
from segue_core.store.database import Document, database, ensure_indexes
from segue_core.store.records import RejectedRecord, TrackRecord
from segue_jobs.verify.group import SinkGroup
from segue_jobs.verify.sink_progress import SinkWait
from support.kafka_proxy import KafkaProxy
from support.sink import Group, SinkProcess, environment
from support.tracks import produce, track_record
from support.waiting import wait_until

pytestmark = pytest.mark.slow


def _record_of(number: int, batch: str, recipe: str = "r1") -> TrackRecord:
    """A track whose path is that of its file: verify finds a source's own tracks by their paths."""
    return msgspec.structs.replace(track_record(number, batch=batch, recipe=recipe), path=f"{number}.mp3")


class Batch:
    """A source folder with ``0.mp3`` and so on, and what the pipeline did with it."""

    def __init__(self, kafka: KafkaSettings, mongo: MongoSettings, directory: Path) -> None:
        self.kafka, self.mongo, self.directory = kafka, mongo, directory
        self.audio = directory / "audio"
        self.audio.mkdir()
        ensure_topics(kafka)

    def add_files(self, *numbers: int) -> None:
        for number in numbers:
            (self.audio / f"{number}.mp3").write_bytes(b"x")

    def produce(self, *numbers: int, batch: str = "one", recipe: str = "r1") -> None:
        records = [_record_of(number, batch, recipe) for number in numbers]
        produce(self.kafka, Topic.TRACKS, records)

    def reject(self, *numbers: int) -> None:
        produce(
            self.kafka,
            Topic.REJECTED,
            [
                RejectedRecord(
                    catalogue="fma", track_id=str(number), batch="one", batch_uid="uid-one", shard=0,
                    stage=Stage.DECODE, reason=Reason.DECODE_ERROR, path=f"{number}.mp3", message="not audio",
                )
                for number in numbers
            ],
        )  # fmt: skip

    def sink(self) -> None:
        with Group(self.kafka) as group, SinkProcess(self.kafka, self.mongo, self.directory / "sink") as sink:
            wait_until(lambda: group.lag() == 0, why=sink.text)
            assert sink.stop() == 0

    def verify(
        self, *recipes: str, stall_seconds: float = 20, started_at: str | None = None
    ) -> tuple[int, VerifySummary]:
        arguments = VerifyArguments(
            catalogue="fma", batch="one", batch_uid="uid-one", audio_root=str(self.audio),
            metadata_format=MetadataFormat.TAGS, stall_seconds=stall_seconds, started_at=started_at,
            recipe=recipes,
        )  # fmt: skip
        directory = self.directory / "verify"
        result = subprocess.run(
            [sys.executable, "-m", VerifyArguments.MODULE, *arguments.to_argv()],
            env=environment(self.kafka, self.mongo, directory),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        termination = directory / "termination.json"
        assert termination.exists(), result.stderr
        summary = VerifySummary.decode(termination.read_text(encoding="utf-8"))
        assert summary is not None, result.stderr
        return result.returncode, summary


@pytest.fixture
def batch(kafka_settings: KafkaSettings, mongo_settings: MongoSettings, tmp_path: Path) -> Batch:
    """An empty batch."""
    return Batch(kafka_settings, mongo_settings, tmp_path)


def test_a_complete_batch_is_accounted_for(batch: Batch) -> None:
    batch.add_files(*range(10))
    batch.produce(0, 1, batch="earlier")
    batch.produce(*range(2, 8))
    batch.reject(8, 9)
    batch.sink()
    code, summary = batch.verify()
    assert code == ExitCode.DONE
    assert summary == VerifySummary(
        listed=10, stored=8, extracted=6, skipped=2, rejected=2, rejected_by_reason={"DecodeError": 2}, added=8
    )


def test_a_track_stored_after_its_rejection_counts_as_stored(batch: Batch) -> None:
    batch.add_files(1, 2)
    batch.reject(1)
    time.sleep(0.01)  # the two records' times differ
    batch.produce(1, 2)
    batch.sink()
    code, summary = batch.verify()
    assert (code, summary.extracted, summary.rejected) == (ExitCode.DONE, 2, 0)


def test_missing_tracks_fail_the_batch_and_are_named(batch: Batch) -> None:
    batch.add_files(*range(30))
    time.sleep(0.05)
    batch.produce(*range(5))
    batch.sink()
    code, summary = batch.verify()
    assert code == ExitCode.UNRECOVERABLE
    assert (summary.listed, summary.stored, summary.missing, len(summary.first_missing)) == (30, 5, 25, 20)
    assert summary.error is not None
    assert "25 of 30 tracks are neither stored nor rejected; the first: 10, 11, 12, 13, 14." in summary.error


def test_a_track_whose_new_record_was_lost_is_not_taken_for_done(batch: Batch) -> None:
    batch.add_files(*range(6))
    batch.produce(*range(4), batch="earlier", recipe="r1")
    batch.produce(4, batch="earlier", recipe="r2")
    time.sleep(0.05)
    began = datetime.now(UTC).isoformat()
    batch.produce(0, 1, 5, recipe="r2")  # 2 and 3 were extracted again, and their records never came
    batch.sink()
    code, summary = batch.verify("r2", started_at=began)
    assert (code, summary.listed, summary.extracted, summary.skipped) == (ExitCode.UNRECOVERABLE, 6, 3, 1)
    assert (summary.missing, summary.first_missing) == (2, ["2", "3"])
    assert "2 of 6 tracks are neither stored nor rejected (2 of them are stored only with an earlier recipe)" in (
        summary.error or ""
    )


def test_files_added_after_the_batch_started_do_not_belong_to_it(batch: Batch) -> None:
    batch.add_files(1, 2)
    time.sleep(0.05)
    started_at = datetime.now(UTC).isoformat()
    batch.produce(1, 2)
    batch.sink()
    batch.add_files(3, 4, 5)
    code, summary = batch.verify()
    assert (code, summary.listed, summary.extracted, summary.arrived_later) == (ExitCode.DONE, 2, 2, 3)
    assert batch.verify(started_at=started_at) == (code, summary)
    code, summary = batch.verify(started_at=datetime.now(UTC).isoformat())
    assert (code, summary.missing, summary.arrived_later) == (ExitCode.UNRECOVERABLE, 3, 0)


def test_a_sink_that_is_missing_is_named(batch: Batch) -> None:
    batch.add_files(1)
    batch.produce(1)
    code, summary = batch.verify(stall_seconds=1)
    assert code == ExitCode.RETRY
    assert summary.error is not None
    assert summary.error.startswith(f"the sink does not read: its group {batch.kafka.sink_group} has no members")
    assert f"1 record waits (1 on {batch.kafka.topic(Topic.TRACKS)})" in summary.error


def test_a_sink_that_waits_for_the_database_is_no_failure_of_the_batch(batch: Batch) -> None:
    batch.add_files(1)
    batch.produce(1)
    batch.mongo = MongoSettings(uri="mongodb://127.0.0.1:9/", database="x")
    code, summary = batch.verify(stall_seconds=1)
    assert code == ExitCode.OUTAGE
    assert summary.error is not None
    assert summary.error.startswith("MongoDB at 127.0.0.1:9 does not answer, and the sink does not read: ")


def test_a_sink_that_joined_and_stores_nothing_is_named_with_its_state(batch: Batch) -> None:
    batch.add_files(1)
    with SinkProcess(batch.kafka, batch.mongo, batch.directory / "sink") as sink:
        wait_until(lambda: "partitions assigned" in sink.text(), why=sink.text)
        os.killpg(sink.process.pid, signal.SIGSTOP)
        batch.produce(1)
        code, summary = batch.verify(stall_seconds=3)
    assert code == ExitCode.RETRY
    assert summary.error is not None
    assert f"the sink makes no progress: its group {batch.kafka.sink_group} is Stable with 1 member (" in summary.error


def test_a_group_that_does_not_agree_is_named_with_its_state(batch: Batch) -> None:
    """A member that no longer polls blocks all that join after it."""
    batch.add_files(1)
    batch.produce(1)
    names = [batch.kafka.topic(topic) for topic in Topic]
    idle = KafkaConsumer(*names, group_id=batch.kafka.sink_group, **batch.kafka.client_options())
    while not idle.assignment():
        idle.poll(timeout_ms=100)
    with SinkProcess(batch.kafka, batch.mongo, batch.directory / "sink"):
        with SinkGroup(batch.kafka) as group:
            wait_until(lambda: (found := group.described()) is not None and len(found.members) == 2)
        code, summary = batch.verify(stall_seconds=3)
    idle.close()
    assert code == ExitCode.RETRY
    assert summary.error is not None
    assert (
        f"the sink does not read: its group {batch.kafka.sink_group} is PreparingRebalance with 2 members ("
        in summary.error
    )


def test_a_broker_that_stops_answering_ends_the_verification(batch: Batch, kafka_server: KafkaServer) -> None:
    batch.add_files(1)
    batch.produce(1)
    with KafkaProxy(kafka_server) as proxy:
        batch.kafka = replace(batch.kafka, bootstrap=proxy.bootstrap)
        group = SinkGroup(batch.kafka)
        group.find_partitions(batch.kafka)
        ends, starts = group.ends(), group.starts()
        proxy.deaf = True
        with pytest.raises(ProgramError, match="has not reported the sink's progress"):
            SinkWait(group, ends, starts, 2).run(threading.Event())


def test_verification_waits_for_a_sink_that_is_at_work(batch: Batch) -> None:
    batch.add_files(*range(600))
    batch.produce(*range(600))
    with SinkProcess(batch.kafka, batch.mongo, batch.directory / "sink", batch_records=20):
        code, summary = batch.verify()
    assert (code, summary.extracted) == (ExitCode.DONE, 600)


def test_a_record_that_the_sink_could_not_read_counts_for_its_track(
    batch: Batch, mongo_client: MongoClient[Document]
) -> None:
    batch.add_files(1, 2)
    target = database(mongo_client, batch.mongo)
    ensure_indexes(target)
    target.command("collMod", "tracks", validator={"trackId": {"$ne": "2"}})
    batch.produce(1, 2)
    batch.sink()
    code, summary = batch.verify()
    assert (code, summary.extracted, summary.rejected_by_reason) == (ExitCode.DONE, 1, {"StoreRefused": 1})
