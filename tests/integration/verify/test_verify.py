"""Verification of a batch whose records a real sink has stored, or has not."""

import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pymongo import MongoClient

from segue_jobs.contract import ExitCode, MetadataFormat, Reason, Stage, Topic, VerifyArguments, VerifySummary
from segue_jobs.records import RejectedRecord, TrackRecord
from segue_jobs.runtime.mongodb import Document, database, ensure_indexes
from segue_jobs.runtime.settings import KafkaSettings, MongoSettings
from segue_jobs.runtime.topics import ensure_topics
from support.sink import Group, SinkProcess, environment
from support.tracks import produce, track_record
from support.waiting import wait_until

pytestmark = pytest.mark.slow


class Batch:
    """A source folder with ``0.mp3`` and so on, and what the pipeline made of it."""

    def __init__(self, kafka: KafkaSettings, mongo: MongoSettings, directory: Path) -> None:
        self.kafka, self.mongo, self.directory = kafka, mongo, directory
        self.audio = directory / "audio"
        self.audio.mkdir()
        ensure_topics(kafka)

    def add_files(self, *numbers: int) -> None:
        for number in numbers:
            (self.audio / f"{number}.mp3").write_bytes(b"x")

    def produce(self, *numbers: int, batch: str = "one", recipe: str = "r1") -> None:
        records: list[TrackRecord] = [track_record(number, batch=batch, recipe=recipe) for number in numbers]
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
        listed=10, stored=8, extracted=6, skipped=2, rejected=2, rejected_by_reason={"DecodeError": 2}
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
    assert "25 of 30 tracks are neither stored nor rejected, the first: 10, 11, 12, 13, 14." in summary.error


def test_a_track_whose_new_record_was_lost_is_not_taken_for_done(batch: Batch) -> None:
    batch.add_files(*range(6))
    batch.produce(*range(4), batch="earlier", recipe="r1")
    batch.produce(4, batch="earlier", recipe="r2")
    time.sleep(0.05)
    began = datetime.now(UTC).isoformat()
    batch.produce(0, 1, 5, recipe="r2")  # 2 and 3 were extracted anew, and their records never came
    batch.sink()
    code, summary = batch.verify("r2", started_at=began)
    assert (code, summary.listed, summary.extracted, summary.skipped) == (ExitCode.UNRECOVERABLE, 6, 3, 1)
    assert (summary.missing, summary.first_missing) == (2, ["2", "3"])
    assert "2 of 6 tracks are neither stored nor rejected (2 of them only under an earlier recipe)" in (
        summary.error or ""
    )


def test_files_that_came_after_the_batch_began_are_no_part_of_it(batch: Batch) -> None:
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


def test_a_sink_that_stands_still_is_told_with_its_partition(batch: Batch) -> None:
    batch.add_files(1)
    batch.produce(1)
    code, summary = batch.verify(stall_seconds=1)
    assert code == ExitCode.RETRY
    assert summary.error is not None
    assert f"group {batch.kafka.sink_group} is 1 records behind on {batch.kafka.topic(Topic.TRACKS)}" in summary.error


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
