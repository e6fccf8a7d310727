"""`segue serve`: what it starts, says, keeps and ends, with a stand-in for the service itself."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from segue.servers.embedded import free_port
from segue_core.settings import KafkaSettings, MongoSettings
from support.pipeline import Running, Segue, batch_of, make_music, servers_of
from support.processes import naming
from support.waiting import wait_until

TESTS = Path(__file__).parents[2]
SERVE = """
import sys
from segue.commands import service
from segue.__main__ import main
service.API_MODULE = "support.stand_in_api"
sys.exit(main(["serve", *sys.argv[1:]]))
"""


class Served:
    """A ``segue serve`` and its port."""

    def __init__(self, segue: Segue, *options: str, log: str = "serve.log", port: int | None = None) -> None:
        self.port = port or free_port()
        command = [sys.executable, "-c", SERVE, "--port", str(self.port), *options]
        self.running = Running(
            command, {**segue.environment, "PYTHONPATH": str(TESTS)}, segue.folder / log, directory=segue.folder
        )

    def await_ready(self) -> None:
        self.running.wait_until(lambda: "recommendations?catalogue=" in self.running.text())

    def get(self, key: str = "") -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/v1/tracks", headers={"Authorization": f"Bearer {key}"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def end(self, number: int = signal.SIGTERM) -> None:
        self.running.process.send_signal(number)
        assert self.running.wait(60) == 0, self.running.text()


@pytest.fixture
def segue(tmp_path: Path, kafka_settings: KafkaSettings, mongo_settings: MongoSettings) -> Segue:
    """With the session's servers."""
    return Segue(tmp_path, environment=servers_of(kafka_settings, mongo_settings))


@pytest.fixture
def served(segue: Segue) -> Iterator[Served]:
    served = Served(segue, "--catalogue", "one", "--catalogue", "two")
    with served.running:
        served.await_ready()
        yield served


def test_it_says_where_it_is_where_the_key_is_and_what_to_try(served: Served, segue: Segue) -> None:
    text = served.running.text()
    assert f"http://127.0.0.1:{served.port} serves one, two" in text
    path = segue.state / "service" / "key"
    key = path.read_text().strip()
    assert path.stat().st_mode & 0o777 == 0o600
    assert f"key: in {path}" in text
    assert key not in text  # this is a log, not a terminal
    assert f"page: http://127.0.0.1:{served.port}/\n" in text
    assert "#key=" not in text
    tried = re.findall(r"^  (KEY=.*|curl .*)$", text, flags=re.MULTILINE)
    assert len(tried) == 5
    script = "\n".join(tried[:2])
    answer = json.loads(subprocess.run(["bash", "-ec", script], capture_output=True, check=True).stdout)
    assert answer["authorization"] == f"Bearer {key}"
    assert answer["catalogues"] == "one,two"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_in_order_and_keeps_its_key(segue: Segue, number: signal.Signals) -> None:
    keys = []
    for start in ("first", "second"):
        served = Served(segue, log=f"{start}.log")
        with served.running:
            served.await_ready()
            served.end(number)
        assert naming(served.port) == []
        keys.append((segue.state / "service" / "key").read_text())
    assert keys[0] == keys[1]


def test_a_key_that_the_database_does_not_know_is_replaced(segue: Segue) -> None:
    key = segue.state / "service" / "key"
    key.parent.mkdir(parents=True)
    key.write_text(f"segue_{'0' * 12}_{'0' * 64}\n")
    served = Served(segue)
    with served.running:
        served.await_ready()
    assert "0" * 64 not in key.read_text()
    assert key.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("words", ["stand_in_api", "segue_jobs.sink"])
def test_what_dies_is_restarted_and_reported(served: Served, words: str) -> None:
    name = "api" if words == "stand_in_api" else "sink"
    served.running.kill(words)
    served.running.wait_until(lambda: f"{name} is ready again" in served.running.text())
    assert f"{name} stopped unexpectedly and is being restarted" in served.running.text()
    wait_until(lambda: served.get()["catalogues"] == "one,two")
    served.end()


def test_when_it_is_killed_nothing_stays(served: Served) -> None:
    pid = served.get()["pid"]
    os.kill(served.running.process.pid, signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{pid}").exists())


def test_a_state_is_served_once(served: Served, segue: Segue) -> None:
    second = segue("serve", "--port", str(free_port()))
    assert second.returncode == 1
    assert f"process {served.running.process.pid} (segue serve) serves this state directory already" in second.stderr
    down = segue("down")
    assert f"ended process {served.running.process.pid} (segue serve)" in down.stdout
    assert served.running.wait(10) == 0


def test_a_port_in_use_is_named(segue: Segue) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = segue("serve", "--port", str(port))
    assert refused.returncode == 1
    assert f"cannot listen on 127.0.0.1, port {port}: Address already in use" in refused.stderr
    assert "--port" in refused.stderr


def test_a_wrong_setting_is_named_before_anything_starts(segue: Segue) -> None:
    segue.environment["SEGUE_TOPIC_PARTITIONS"] = "many"
    refused = segue("serve", "--port", str(free_port()))
    assert refused.returncode == 2
    assert "SEGUE_TOPIC_PARTITIONS='many'" in refused.stderr


@pytest.mark.slow
def test_other_commands_work_beside_it_on_its_servers(tmp_path: Path) -> None:
    segue = Segue(tmp_path)
    served = Served(segue)
    with served.running:
        served.await_ready()
        uri = served.get()["database"]
        applied = segue.apply(batch_of(make_music(tmp_path / "music", 3)))
        assert applied.returncode == 0, applied.stderr
        rejected = segue("rejected", "--catalogue", "songs")
        assert (rejected.returncode, rejected.stdout) == (0, "no track was rejected\n")
        assert served.get()["database"] == uri
        served.end()
    assert naming(segue.state) == []
