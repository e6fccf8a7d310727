"""The database's disk is full: the sink says so, commits nothing, and continues once there is space again."""

from pathlib import Path

import pytest

from segue.servers.embedded import MongoServer, free_port
from segue_core.broker.topics import ensure_topics
from segue_core.contract import Topic
from segue_core.settings import KafkaSettings, MongoSettings
from support.sink import Group, SinkProcess, stored_tracks
from support.small_disk import fill, small_disk
from support.tracks import produce, track_record
from support.waiting import wait_until

pytestmark = pytest.mark.slow

RECORDS = 3000
ROOM_LEFT_KILOBYTES = 2000


def test_a_full_disk_loses_nothing(kafka_settings: KafkaSettings, tmp_path: Path) -> None:
    ensure_topics(kafka_settings)
    with (
        small_disk(tmp_path / "disk", megabytes=48) as disk,
        MongoServer(disk / "mongodb", port=free_port()) as server,
        Group(kafka_settings) as group,
        SinkProcess(kafka_settings, MongoSettings(uri=server.uri), tmp_path / "sink") as sink,
    ):
        wait_until(lambda: "partitions assigned" in sink.text(), why=sink.text)
        filler = fill(disk, free_kilobytes=ROOM_LEFT_KILOBYTES)
        produce(kafka_settings, Topic.TRACKS, map(track_record, range(RECORDS)))
        wait_until(lambda: "check the free disk space" in sink.text(), why=sink.text)
        assert group.lag() > 0
        assert sink.process.poll() is None

        server.stop()
        filler.unlink()
        server.start()
        wait_until(lambda: group.lag() == 0, seconds=90, why=sink.text)
        assert sink.stop() == 0
        assert stored_tracks(server) == RECORDS
