"""Servers that live and do not work: they hang, or their disk was full. They come back by themselves, on their port."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from segue.servers.disk import DiskIncident, DiskState
from segue.servers.embedded import KafkaServer, MongoServer, Server
from segue.servers.supervision import Incident, ServerState, kept_running
from segue_core.broker.topics import ensure_topics
from segue_core.contract import Topic
from segue_core.settings import KafkaSettings, MongoSettings
from segue_core.store.database import Document, connect
from support.processes import freeze
from support.sink import Group
from support.small_disk import fill, small_disk
from support.tracks import produce, track_record
from support.waiting import poll, wait_until

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("kind", [MongoServer, KafkaServer])
def test_a_server_that_hangs_for_good_is_noticed_and_started_again(kind: type[Server], tmp_path: Path) -> None:
    told: list[Incident | DiskIncident] = []
    with kind(tmp_path) as server, kept_running([server], told.append):
        port = server.port
        server.ask()
        freeze(server)
        wait_until(lambda: len(told) == 2, seconds=180)
        assert server.port == port
        server.ask()
    assert [incident.state for incident in told] == [ServerState.UNHEALTHY, ServerState.RESTARTED]
    assert told[0].message.startswith(f"{server.name} does not answer and is being restarted; its log: ")


def test_a_broker_that_cannot_read_its_offsets_begins_without_them(tmp_path: Path) -> None:
    """Damage that Kafka does not find when it starts: then no sink can join its group, and nothing says why."""
    settings = KafkaSettings(bootstrap="", topic_prefix="t", create_topics=True, partitions=1)
    told: list[Incident | DiskIncident] = []
    with KafkaServer(tmp_path) as server:
        settings = replace(settings, bootstrap=server.bootstrap)
        ensure_topics(settings)
        produce(settings, Topic.TRACKS, [track_record(number) for number in range(5)])
        with Group(settings) as group:
            group.commit(group.ends())
        server.stop()
        damage_offsets(tmp_path / "data")
        server.launch(server.port)
        server.wait_ready()
        with kept_running([server], told.append):
            wait_until(lambda: len(told) == 2, seconds=180, why=lambda: str(told))
            with Group(settings) as group:
                wait_until(lambda: group.lag() == 5)
                group.commit(group.ends())
                wait_until(lambda: group.lag() == 0)
    assert [incident.state for incident in told] == [ServerState.UNHEALTHY, ServerState.RESTARTED]
    assert "it cannot read its consumers' offsets in __consumer_offsets-" in told[0].message
    assert list((tmp_path / "unreadable").iterdir()) != []


def damage_offsets(data: Path) -> None:
    """Overwrite the key of the first record: after an orderly end, Kafka does not look at checksums."""
    for log in data.glob("__consumer_offsets-*/*.log"):
        batch = bytearray(log.read_bytes())
        if batch:
            batch[70:90] = b"\xff" * 20
            log.write_bytes(batch)


def test_a_database_that_a_full_disk_broke_comes_back_once_there_is_room(tmp_path: Path) -> None:
    told: list[Incident | DiskIncident] = []
    with (
        small_disk(tmp_path / "disk", megabytes=120) as disk,
        MongoServer(disk / "mongodb") as server,
        kept_running([server], told.append),
        connect(MongoSettings(uri=server.uri), timeout_seconds=3) as client,
    ):
        acknowledged = write(client)
        filler = fill(disk, free_kilobytes=2000)  # the database is writing meanwhile
        states = write_until_told(client, server, disk, told)
        assert states in ([ServerState.UNHEALTHY], [ServerState.DIED])
        assert "is being restarted once the disk has room" in told[-1].message
        filler.unlink()
        wait_until(lambda: told[-1].state is ServerState.RESTARTED, why=lambda: str(told))
        assert write(client) > 0
        assert client.things.things.count_documents({}) >= acknowledged
    disks = [incident for incident in told if isinstance(incident, DiskIncident)]
    assert [incident.state for incident in disks[-2:]] == [DiskState.FULL, DiskState.LOW]
    assert f"the disk that holds {disk / 'mongodb'} is full: 0 MB free, 48 MB needed" in disks[-2].message


def write(client: MongoClient[Document], documents: int = 200) -> int:
    """Write documents that do not compress; returns how many were acknowledged."""
    try:
        return len(client.things.things.insert_many([{"x": os.urandom(2000)} for _ in range(documents)]).inserted_ids)
    except PyMongoError:
        return 0


def write_until_told(
    client: MongoClient[Document], server: Server, disk: Path, told: list[Incident | DiskIncident]
) -> list[str]:
    """Write, and fill what the database frees, until supervision has told of it; states of the server so far."""

    def look() -> list[str] | None:
        write(client)
        with suppress(OSError), (disk / "filler").open("ab", buffering=0) as filler:
            while filler.write(b"x" * 4096):
                pass
        states = [str(incident.state) for incident in told if isinstance(incident, Incident)]
        return states or None

    return poll(look, what=f"word of {server.name}", seconds=120)
