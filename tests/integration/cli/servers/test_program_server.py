"""Programs that are looked after like servers: probes, restarts on the same ports, an end in order."""

from __future__ import annotations

import json
import os
import signal
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from segue.errors import CommandError
from segue.servers.disk import DiskIncident
from segue.servers.embedded import free_port
from segue.servers.program_server import ProgramServer
from segue.servers.supervision import Incident, ServerState, kept_running
from segue_core.contract import Env
from support.waiting import wait_until

TESTS = Path(__file__).parents[3]


def stand_in(folder: Path, port: int) -> ProgramServer:
    own = {
        Env.API_HOST: "127.0.0.1",
        Env.API_PORT: str(port),
        Env.API_CATALOGUES: "one",
        Env.MONGODB_URI: "mongodb://127.0.0.1:1/",
    }
    environment = {**os.environ, **own, "PYTHONPATH": str(TESTS)}
    return ProgramServer("api", folder, [sys.executable, "-m", "support.stand_in_api"], environment)


def answer(port: int) -> Any:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as found:
        return json.load(found)


def test_a_program_that_dies_is_back_on_its_ports(tmp_path: Path) -> None:
    told: list[Incident | DiskIncident] = []
    port = free_port()
    with stand_in(tmp_path, port) as program:
        program.ask()
        wait_until(program.is_ready)
        first, probes = answer(port)["pid"], program.port
        with kept_running([program], told.append):
            os.kill(first, signal.SIGKILL)
            wait_until(lambda: len(told) == 2)
            wait_until(program.is_ready)
            assert answer(port)["pid"] != first
            assert program.port == probes
        last = answer(port)["pid"]
    assert [incident.state for incident in told] == [ServerState.DIED, ServerState.RESTARTED]
    assert not Path(f"/proc/{last}").exists()


def test_a_program_that_cannot_start_says_why(tmp_path: Path) -> None:
    program = ProgramServer("sink", tmp_path, [sys.executable, "-c", "raise SystemExit('no such topic')"], {})
    with pytest.raises(CommandError, match=r"(?s)sink did not start: it has ended.*no such topic"):
        program.start()
    assert not program.is_ready()
