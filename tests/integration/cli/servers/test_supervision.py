"""A server that is killed is brought back on its port, and told of."""

from __future__ import annotations

import socket
from pathlib import Path

from segue.errors import LocalError
from segue.servers.disk import DiskIncident
from segue.servers.embedded import MongoServer
from segue.servers.startup import OnWait
from segue.servers.supervision import Incident, ServerState, kept_running
from support.processes import kill_server
from support.waiting import wait_until


def test_death_and_return_are_reported_once_each(tmp_path: Path) -> None:
    told: list[Incident | DiskIncident] = []
    with MongoServer(tmp_path) as server, kept_running([server], told.append):
        port = server.port
        kill_server(server)
        wait_until(lambda: len(told) == 2)
        assert server.port == port
        assert server.is_running
    assert [(incident.server, incident.state) for incident in told] == [
        ("mongodb", ServerState.DIED),
        ("mongodb", ServerState.RESTARTED),
    ]
    assert str(server.log) in told[0].message
    assert told[1].message.startswith("mongodb is ready again after")


def test_a_port_taken_meanwhile_is_reported_once_and_retried(tmp_path: Path) -> None:
    told: list[Incident | DiskIncident] = []
    with MongoServer(tmp_path) as server:
        kill_server(server)
        wait_until(lambda: not server.is_running)
        with socket.socket() as thief:
            thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            thief.bind(("127.0.0.1", server.port))
            thief.listen()
            with kept_running([server], told.append):
                wait_until(lambda: len(told) == 2)
                thief.close()
                wait_until(lambda: len(told) == 3)
    assert [incident.state for incident in told] == [
        ServerState.DIED,
        ServerState.NOT_RESTARTED,
        ServerState.RESTARTED,
    ]
    assert f"cannot use port {server.port}" in told[1].message


def test_the_same_failure_is_told_once_however_its_log_counts_the_time(tmp_path: Path) -> None:
    told: list[Incident | DiskIncident] = []
    server = Unable(tmp_path)
    with kept_running([server], told.append):
        wait_until(lambda: server.tries == 3)
    assert [incident.state for incident in told] == [ServerState.DIED, ServerState.NOT_RESTARTED]
    assert told[1].message.endswith("trying again: 2026-11-25 10:00:01 no space left on device")


class Unable(MongoServer):
    """A server that is not there and cannot be started."""

    tries = 0

    def restart(self, on_wait: OnWait = lambda _server, _seconds: None) -> None:
        on_wait(self.name, 0)
        self.tries += 1
        raise LocalError(f"2026-11-25 10:00:0{self.tries} no space left on device")
