"""The embedded servers start, keep their data over a restart on another port, and explain a failure."""

import os
import signal
import socket
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from pymongo import WriteConcern

from segue_jobs.runtime.mongodb import connect, database, ensure_indexes
from segue_jobs.runtime.settings import KafkaSettings, MongoSettings
from segue_jobs.runtime.topics import ensure_topics
from segue_operator.local.java import LocalError
from segue_operator.local.servers import KafkaServer, MongoServer, free_port
from support.processes import kill_server, naming
from support.waiting import wait_until


def test_kafka_keeps_topics_over_a_restart(tmp_path: Path) -> None:
    with KafkaServer(tmp_path) as server:
        ensure_topics(KafkaSettings(bootstrap=server.bootstrap, create_topics=True, partitions=2))
    with KafkaServer(tmp_path) as server:
        admin = KafkaAdminClient(bootstrap_servers=server.bootstrap)
        topics = set(admin.list_topics())
        admin.close()
    assert {"segue.tracks", "segue.rejected", "segue.features.timbre"} <= topics


def test_mongodb_keeps_documents_over_a_restart(tmp_path: Path) -> None:
    for expected in (0, 1):
        with MongoServer(tmp_path) as server, connect(MongoSettings(uri=server.uri)) as client:
            target = database(client, MongoSettings(uri=server.uri))
            ensure_indexes(target)
            assert target.tracks.count_documents({}) == expected
            target.tracks.insert_one({"_id": str(expected)})


def test_an_acknowledged_transaction_survives_a_kill_at_that_moment(tmp_path: Path) -> None:
    with MongoServer(tmp_path, port=free_port()) as server:
        settings = MongoSettings(uri=server.uri)
        with connect(settings) as client:
            target = database(client, settings)
            ensure_indexes(target)
            durable = WriteConcern(w="majority", j=True)
            with client.start_session() as session, session.start_transaction(write_concern=durable):
                target.tracks.insert_many([{"_id": str(number)} for number in range(3)], session=session)
            kill_server(server)
        server.restart()
        with connect(settings) as client:
            assert database(client, settings).tracks.count_documents({}) == 3


def test_a_server_goes_with_its_guard_even_if_that_is_killed(tmp_path: Path) -> None:
    with MongoServer(tmp_path) as server:
        os.kill(server.pid, signal.SIGKILL)
        wait_until(lambda: not is_bound(server.port))
        assert naming(tmp_path) == []
        server.restart()
        assert is_bound(server.port)
    wait_until(lambda: naming(tmp_path) == [])


def is_bound(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_port_in_use_is_explained(tmp_path: Path, mongo_server: MongoServer) -> None:
    with pytest.raises(LocalError, match=f"cannot use port {mongo_server.port}"):
        MongoServer(tmp_path, port=mongo_server.port).start()


def test_a_broker_that_cannot_start_says_why(tmp_path: Path) -> None:
    with KafkaServer(tmp_path) as server:
        pass
    properties = tmp_path / "data" / "meta.properties"
    properties.write_text(properties.read_text().replace("node.id=1", "node.id=7"))
    with pytest.raises(LocalError, match=r"(?s)kafka did not start; the end of .*Stored node id 7") as refused:
        server.start()
    assert "\tat " not in str(refused.value)
