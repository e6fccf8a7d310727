"""The embedded servers start, keep their data over a restart on another port, and explain a failure."""

import os
import shlex
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from pymongo import WriteConcern

from segue.errors import CommandError, LocalError
from segue.servers.embedded import KafkaServer, MongoServer, free_port
from segue.servers.health import HEALTH_DATABASE, NoAnswerError
from segue_core.broker.topics import ensure_topics
from segue_core.settings import KafkaSettings, MongoSettings
from segue_core.store.database import connect, database, ensure_indexes
from support.processes import frozen, kill_server, naming
from support.waiting import wait_until

ODD = "Müsic, 'mine' \"and\" #1 \\ ıİ = x "
"""A folder whose name means something in files of properties and in Kafka's lists."""


def test_kafka_keeps_topics_over_restarts_in_other_locales(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCPATH", str(tmp_path))
    state = tmp_path / ODD
    seen = []
    for name in ("tr_TR.UTF-8", "fa_IR.UTF-8", "de_DE.ISO-8859-1"):
        monkeypatch.setenv("LC_ALL", define_locale(tmp_path, name))
        with KafkaServer(state) as server:
            settings = KafkaSettings(bootstrap=server.bootstrap, create_topics=not seen, partitions=2)
            if settings.create_topics:
                ensure_topics(settings)
            admin = KafkaAdminClient(bootstrap_servers=server.bootstrap)
            seen.append(set(admin.list_topics()))
            admin.close()
    assert {"segue.tracks", "segue.rejected", "segue.features.timbre"} <= seen[0]
    assert seen[1:] == [seen[0], seen[0]]
    segments = [path.name for path in (state / "data").rglob("*.log") if path.parent.name.startswith("segue.")]
    assert segments
    assert set(segments) == {"0" * 20 + ".log"}
    assert not list((state / "data").glob("*-stray"))


def define_locale(folder: Path, name: str) -> str:
    """Compile a locale, as a laptop in another language has it."""
    if shutil.which("localedef") is None:
        pytest.skip("localedef is missing: apt-get install locales")
    language, _, charmap = name.partition(".")
    subprocess.run(["localedef", "-i", language, "-f", charmap, str(folder / name)], check=False, capture_output=True)
    if not (folder / name).is_dir():
        pytest.skip(f"localedef has no sources of {name}: apt-get install locales")
    return name


def test_mongodb_keeps_documents_over_a_restart(tmp_path: Path) -> None:
    for expected in (0, 1):
        with MongoServer(tmp_path / ODD) as server, connect(MongoSettings(uri=server.uri)) as client:
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


def test_a_server_ends_with_its_guard_even_if_that_is_killed(tmp_path: Path) -> None:
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


def test_a_broker_whose_folder_is_another_ones_says_so_in_a_sentence(tmp_path: Path) -> None:
    with KafkaServer(tmp_path) as server:
        pass
    properties = tmp_path / "data" / "meta.properties"
    properties.write_text(properties.read_text().replace("node.id=1", "node.id=7"))
    with pytest.raises(
        CommandError, match=r"kafka did not start: its data in .* is damaged: Stored node id 7"
    ) as refused:
        server.start()
    assert f"mv {tmp_path} {tmp_path}.damaged" in (refused.value.hint or "")
    properties.write_bytes(b"\xff" * 100)
    with pytest.raises(CommandError, match=r"its data in .* is damaged: node ID not found"):
        server.start()


@pytest.mark.parametrize(
    "name", ["WiredTiger.wt", "WiredTiger.turtle", "WiredTigerLog.0000000001", "secantus_oplog.wt"]
)
def test_a_damaged_database_says_so_in_a_sentence(tmp_path: Path, name: str) -> None:
    with MongoServer(tmp_path) as server, connect(MongoSettings(uri=server.uri)) as client:
        client.things.things.insert_one({"_id": 1})
    with (tmp_path / "data" / name).open("r+b") as damaged:
        damaged.write(b"\xa5" * 512)
    with pytest.raises(CommandError, match=r"mongodb did not start: its data in .* is damaged: ") as refused:
        server.start()
    assert "\n" not in str(refused.value)
    assert "Traceback" not in str(refused.value)
    assert f"mv {tmp_path} {tmp_path}.damaged" in (refused.value.hint or "")


class Mute(MongoServer):
    """A server that ends at once and writes nothing."""

    def _command(self) -> list[str]:
        return ["false"]


def test_a_server_that_ends_without_a_log_is_reported_without_a_trailing_colon(tmp_path: Path) -> None:
    with pytest.raises(
        CommandError, match=r"mongodb did not start: it has ended, and .*mongodb\.log does not say why$"
    ):
        Mute(tmp_path).start()


class Late(MongoServer):
    """A server that is busy for a while before it starts."""

    def _command(self) -> list[str]:
        return ["sh", "-c", f"sleep 3; exec {shlex.join(super()._command())}"]


def test_who_starts_a_server_is_told_what_is_waited_for(tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    server = Late(tmp_path)
    server.launch()
    try:
        server.wait_ready(lambda name, seconds: told.append((name, seconds)))
    finally:
        server.stop()
    assert {name for name, _ in told} == {"mongodb"}
    assert told[-1][1] > 2


def test_both_servers_answer_whether_they_are_well(mongo_server: MongoServer, kafka_server: KafkaServer) -> None:
    kafka_server.ask()
    mongo_server.ask(write=False)
    mongo_server.ask()
    with connect(MongoSettings(uri=mongo_server.uri)) as client:
        assert client[HEALTH_DATABASE].looks.count_documents({}) == 1


def test_servers_that_are_frozen_or_away_give_no_answer(tmp_path: Path) -> None:
    server = MongoServer(tmp_path)
    server.start()
    try:
        with frozen(server), pytest.raises(NoAnswerError):
            server.ask(1)
        server.ask()
    finally:
        server.stop()
    with pytest.raises(NoAnswerError):
        server.ask(1)
