"""The database's disk is full: the sink says so, commits nothing, and goes on when there is room again."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from segue_jobs.contract import Topic
from segue_jobs.runtime.mongodb import connect, database
from segue_jobs.runtime.settings import KafkaSettings, MongoSettings
from segue_jobs.runtime.topics import ensure_topics
from segue_operator.local.servers import MongoServer, free_port
from support.sink import Group, SinkProcess, wait_until
from support.tracks import produce, track_record

pytestmark = pytest.mark.slow

RECORDS = 3000
ROOM_LEFT = 2_000_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 48 MB of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=48m", "segue-test", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"needs the right to mount a tmpfs: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_loses_nothing(kafka_settings: KafkaSettings, small_disk: Path, tmp_path: Path) -> None:
    ensure_topics(kafka_settings)
    server = MongoServer(small_disk / "mongodb", port=free_port())
    server.start()
    settings = MongoSettings(uri=server.uri)
    try:
        with Group(kafka_settings) as group, SinkProcess(kafka_settings, settings, tmp_path / "sink") as sink:
            wait_until(lambda: "partitions assigned" in sink.text(), why=sink.text)
            filler = small_disk / "filler"
            filler.write_bytes(b"x" * (shutil.disk_usage(small_disk).free - ROOM_LEFT))
            produce(kafka_settings, Topic.TRACKS, map(track_record, range(RECORDS)))
            wait_until(lambda: "look for free disk space" in sink.text(), why=sink.text)
            assert group.lag() > 0
            assert sink.process.poll() is None

            server.stop()
            filler.unlink()
            server.start()
            wait_until(lambda: group.lag() == 0, seconds=90, why=sink.text)
            assert sink.stop() == 0
        with connect(settings) as client:
            target = database(client, settings)
            assert target.tracks.count_documents({}) == RECORDS
            assert target.rejected.count_documents({}) == 0
    finally:
        server.stop()
