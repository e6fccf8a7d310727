"""The program itself, with a real broker and a real database, on generated files."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from pymongo import MongoClient

from segue.servers.embedded import KafkaServer
from segue_core.contract import Env, ExitCode, ExtractArguments
from segue_core.settings import KafkaSettings, MongoSettings
from segue_core.store.database import Collection, Document
from segue_core.store.records import to_document, track_key
from support.audio import truncate, write_audio, write_tune
from support.extract import ExtractProcess, Produced

pytestmark = pytest.mark.slow


def arguments(root: Path, **more) -> ExtractArguments:
    return ExtractArguments(catalogue="c", batch="b", batch_uid="u", audio_root=str(root), **more)


@pytest.fixture
def music(tmp_path: Path) -> Path:
    root = tmp_path / "music"
    for number in range(1, 7):
        path = write_tune(root / "000" / f"{number:06}.mp3", 6.0, 44_100, seed=number)
        os.utime(path, (time.time() - 3600,) * 2)  # a fresh file may change again within the same tick of its clock
    return root


def test_every_track_becomes_one_record(tmp_path: Path, music: Path, kafka_settings: KafkaSettings) -> None:
    (music / "000" / "000003.mp3").write_bytes(b"this is text\n" * 100)
    truncate(music / "000" / "000004.mp3", 0.0)
    write_tune(music / "caf\udce9.wav")
    write_tune(music / "README.txt.wav", 1.0)
    write_audio(music / "2.wav", np.zeros(22_050 * 6, np.float32))
    (music / "checksums").write_text("no audio")
    csv = tmp_path / "raw_tracks.csv"
    csv.write_text(
        "track_id,artist_name,track_title\n"
        + "".join(f"{number},Artist {number},Title\n" for number in (1, 2, 3, 4, 9))
    )
    run = ExtractProcess(tmp_path, arguments(music, metadata_path=str(csv)), kafka_settings)
    code, summary = run.wait()
    assert code == ExitCode.DONE, run.log.read_text()
    produced = Produced(kafka_settings)
    assert set(produced.tracks) == {"1", "2"}
    assert produced.tracks["1"].metadata.artist == "Artist 1"
    assert produced.tracks["1"].path == "000/000001.mp3"
    assert produced.reasons == {
        "2#2": "DuplicateId",
        "3": "UnsupportedFormat",
        "4": "EmptyFile",
        "5": "NoMetadata",
        "6": "NoMetadata",
        "caf\\xe9": "BadName",
        "README.txt": "BadName",
    }
    assert summary
    assert (summary.listed, summary.extracted, summary.rejected, summary.skipped) == (9, 2, 7, 0)
    assert sum(summary.rejected_by_reason.values()) == 7
    assert sorted(produced.keys) == sorted(f"c:{track_id}" for track_id in {**produced.tracks, **produced.rejected})


def test_shards_partition_the_batch(tmp_path: Path, music: Path, kafka_settings: KafkaSettings) -> None:
    listed = 0
    for shard in (0, 1):
        run = ExtractProcess(tmp_path, arguments(music, shards=2), kafka_settings, {Env.SHARD: str(shard)})
        code, summary = run.wait()
        assert (code, summary and summary.shard) == (ExitCode.DONE, shard), run.log.read_text()
        listed += summary.listed if summary else 0
    produced = Produced(kafka_settings)
    assert listed == len(produced.keys) == len(produced.tracks) == 6
    assert {record.shard for record in produced.tracks.values()} == {0, 1}


def test_what_is_stored_is_skipped_and_corrected_metadata_travels(
    tmp_path: Path,
    music: Path,
    kafka_settings: KafkaSettings,
    mongo_settings: MongoSettings,
    mongo_client: MongoClient[Document],
) -> None:
    csv = tmp_path / "tracks.csv"
    csv.write_text("id,title,artist\n" + "".join(f"{number},Title,Artist\n" for number in range(1, 7)))
    batch = arguments(music, metadata_path=str(csv))
    environment = {Env.MONGODB_URI: mongo_settings.uri, Env.DATABASE: mongo_settings.database}
    assert ExtractProcess(tmp_path, batch, kafka_settings, environment).wait()[0] == ExitCode.DONE
    first = Produced(kafka_settings).tracks
    mongo_client[mongo_settings.database][Collection.TRACKS].insert_many(
        [{"_id": track_key("c", track_id), **to_document(record)} for track_id, record in first.items()]
    )
    csv.write_text(csv.read_text().replace("2,Title", "2,Corrected"))
    write_tune(music / "000" / "000005.mp3", 6.0, 44_100, seed=50)
    run = ExtractProcess(tmp_path, batch, kafka_settings, environment)
    code, summary = run.wait()
    assert code == ExitCode.DONE, run.log.read_text()
    assert summary
    assert (summary.extracted, summary.skipped, summary.stored, summary.rejected) == (1, 5, 5, 0)
    second = Produced(kafka_settings)
    assert len(second.keys) == 6 + 2
    assert second.tracks["2"].metadata.title == "Corrected"
    assert second.tracks["2"].families == first["2"].families
    assert second.tracks["5~2"].audio_sha256 != first["5"].audio_sha256  # other music gets an id of its own
    for track_id in ("1", "2", "5~2"):
        assert second.tracks[track_id].file is not None


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"audio_root": "/nowhere"}, "the audio folder /nowhere does not exist"),
        ({"metadata_path": "/nowhere.csv"}, "the metadata file /nowhere.csv does not exist"),
    ],
)
def test_a_wrong_source_is_a_configuration_error(
    tmp_path: Path, kafka_settings: KafkaSettings, more: dict[str, str], message: str
) -> None:
    wrong = ExtractArguments(**{"catalogue": "c", "batch": "b", "batch_uid": "u", "audio_root": str(tmp_path)} | more)
    code, summary = ExtractProcess(tmp_path, wrong, kafka_settings).wait()
    assert code == ExitCode.CONFIGURATION
    assert summary
    assert message in (summary.error or "")


def test_an_empty_folder_is_an_empty_shard(tmp_path: Path, kafka_settings: KafkaSettings) -> None:
    (tmp_path / "music").mkdir()
    code, summary = ExtractProcess(tmp_path, arguments(tmp_path / "music"), kafka_settings).wait()
    assert code == ExitCode.DONE
    assert summary
    assert summary.listed == 0


def test_sigterm_flushes_and_asks_for_a_retry(tmp_path: Path, kafka_settings: KafkaSettings) -> None:
    many = arguments(many_tunes(tmp_path / "music", 300))
    run = ExtractProcess(tmp_path, many, kafka_settings)
    wait_for_records(kafka_settings, 1)
    run.process.send_signal(signal.SIGTERM)
    code, summary = run.wait(30)
    produced = Produced(kafka_settings)
    assert code == ExitCode.RETRY
    assert summary
    assert summary.interrupted
    assert summary.extracted == len(produced.keys) < 300
    assert summary.listed == 300


def test_kill_9_and_a_second_run_double_no_key_and_lose_none(tmp_path: Path, kafka_settings: KafkaSettings) -> None:
    many = arguments(many_tunes(tmp_path / "music", 120))
    run = ExtractProcess(tmp_path, many, kafka_settings)
    wait_for_records(kafka_settings, 1)
    processes = children(run.process.pid)
    run.process.kill()
    run.process.wait()
    wait_until_gone(processes)
    code, summary = ExtractProcess(tmp_path, many, kafka_settings).wait()
    produced = Produced(kafka_settings)
    assert code == ExitCode.DONE
    assert summary
    assert summary.extracted == 120
    assert len(produced.tracks) == 120
    assert len(produced.keys) > 120
    assert {len(partitions) for partitions in produced.partitions.values()} == {1}


def test_a_broker_killed_in_mid_shard_costs_nothing(tmp_path: Path, unique: str) -> None:
    with KafkaServer(tmp_path / "kafka") as server:
        settings = KafkaSettings(bootstrap=server.bootstrap, topic_prefix=unique, create_topics=True, partitions=3)
        run = ExtractProcess(tmp_path, arguments(many_tunes(tmp_path / "music", 300)), settings)
        wait_for_records(settings, 1)
        kill_broker(server)
        time.sleep(2)
        assert run.process.poll() is None
        with KafkaServer(tmp_path / "kafka", port=server.port):
            code, summary = run.wait()
            produced = Produced(settings)
    assert code == ExitCode.DONE, run.log.read_text()
    assert summary
    assert summary.extracted == 300 == len(produced.tracks)


def many_tunes(root: Path, count: int) -> Path:
    source = write_tune(root / "0.wav", 6.0)
    for number in range(1, count):
        (root / f"{number}.wav").hardlink_to(source)
    return root


def kill_broker(server: KafkaServer) -> None:
    """Kill Java itself, the child of the guard, as a crash or a lost node would."""
    for pid in children(server.pid):
        os.kill(pid, signal.SIGKILL)


def children(pid: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=True)
    return [int(child) for child in found.stdout.split()]


def wait_until_gone(processes: list[int]) -> None:
    """Worker processes end by themselves once their program is gone."""
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in processes):
        assert time.monotonic() < deadline, f"{processes} outlive their program"
        time.sleep(0.1)


def wait_for_records(settings: KafkaSettings, count: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if len(Produced(settings).keys) >= count:
            return
        time.sleep(0.1)
    raise AssertionError("no record arrived")
