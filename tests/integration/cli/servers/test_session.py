"""Servers live as long as the command that needs them, and no longer."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from segue.errors import CommandError, UsageError
from segue.servers.embedded import MongoServer, free_port
from segue.servers.session import database_uri, open_database, servers
from segue.state import State

HOLD = """
import os, sys, time
from pathlib import Path
from segue.servers.session import servers
from segue.state import State
with servers(State(Path(sys.argv[1])), os.environ) as endpoints:
    print(endpoints.kafka_bootstrap, flush=True)
    time.sleep(120)
"""


def answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), 1).close()
    except OSError:
        return False
    return True


def own_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in ("MONGODB_URI", "KAFKA_BOOTSTRAP")}


def test_both_servers_run_for_the_command_and_are_shared(tmp_path: Path) -> None:
    state = State(tmp_path)
    with servers(state, own_environment()) as endpoints:
        assert answers(endpoints.kafka_bootstrap)
        with open_database(state, own_environment()) as database:
            database.things.insert_one({"_id": 1})
    assert not answers(endpoints.kafka_bootstrap)
    with open_database(state, own_environment()) as database:
        assert database.things.count_documents({}) == 1


def test_a_killed_owner_leaves_no_servers_and_the_next_waits_for_their_end(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=own_environment()
    ) as holder:
        assert holder.stdout
        bootstrap = holder.stdout.readline().strip()
        assert answers(bootstrap)
        os.kill(holder.pid, signal.SIGKILL)
    with open_database(State(tmp_path), own_environment()) as database:
        database.things.insert_one({"_id": 1})
    deadline = time.monotonic() + 30
    while answers(bootstrap) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not answers(bootstrap)


def test_the_environment_replaces_the_embedded_database(tmp_path: Path, mongo_server: MongoServer) -> None:
    environ = own_environment() | {"MONGODB_URI": mongo_server.uri}
    with database_uri(State(tmp_path), environ) as uri:
        assert uri == mongo_server.uri
    assert not (tmp_path / "mongodb").exists()


def test_an_address_that_does_not_answer_is_named_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segue.servers.endpoints.CONNECT_SECONDS", 1.0)
    uri = f"mongodb://user:secret@127.0.0.1:{free_port()}/"
    with (
        pytest.raises(CommandError, match="does not answer") as caught,
        database_uri(State(tmp_path), {"MONGODB_URI": uri}),
    ):
        pass
    assert "secret" not in f"{caught.value} {caught.value.hint}"
    assert "unset MONGODB_URI" in (caught.value.hint or "")
    bootstrap = {**own_environment(), "KAFKA_BOOTSTRAP": f"127.0.0.1:{free_port()}"}
    with pytest.raises(CommandError, match="does not answer"), servers(State(tmp_path), bootstrap):
        pass


def test_an_invalid_address_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="mongodb://"), database_uri(State(tmp_path), {"MONGODB_URI": "here"}):
        pass
