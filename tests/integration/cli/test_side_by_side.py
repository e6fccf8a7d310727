"""Commands of one state directory at the same time: none locks another out, and none dies with another."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from segue.servers.session import open_database
from segue.servers.shared_process import SharedFiles
from segue.state import State
from segue_core.store.database import Collection
from support.pipeline import Manifest, Running, Segue, batch_of, make_music
from support.processes import naming
from support.waiting import wait_until

pytestmark = pytest.mark.slow

TRACKS = 30
EXTRACT = "segue_jobs.extract"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("side by side")


@pytest.fixture(scope="module")
def music(folder: Path) -> Path:
    return make_music(folder / "music", TRACKS)


def person(folder: Path, name: str) -> Segue:
    """Someone with a folder of their own, and the state of all."""
    (folder / name).mkdir(exist_ok=True)
    return Segue(folder / name, folder / "state")


def slowly(music: Path, name: str) -> Manifest:
    """A batch that takes some seconds."""
    return batch_of(music, name, extraction={"engine": "Librosa"})


def extracts(running: Running, segue: Segue, name: str) -> None:
    """Wait until a batch is being extracted; the state has the logs of earlier ones as well."""
    logs = segue.state / "logs"
    running.wait_until(lambda: any("shard listed" in log.read_text() for log in logs.glob(f"*/{name}-extract-*.log")))


def stored(segue: Segue, name: str) -> int:
    with open_database(State(segue.state), {}) as target:
        return target[Collection.TRACKS].count_documents({"catalogue": name})


@pytest.fixture(scope="module")
def ingested(folder: Path, music: Path) -> Segue:
    """A state in which a batch was applied while others asked questions."""
    first, second = person(folder, "first"), person(folder, "second")
    with first.begin_apply(slowly(music, "one")) as apply:
        extracts(apply, first, "one")
        questions = [("get", "models"), ("get", "trackbatches"), ("rejected", "--catalogue", "none")] * 2
        with apply.paused(EXTRACT), ThreadPoolExecutor(len(questions)) as pool:
            answers = list(pool.map(lambda question: second(*question), questions))
            assert apply.process.poll() is None, apply.text()
        assert [answer.returncode for answer in answers] == [0, 0, 2] * 2, [answer.stderr for answer in answers]
        assert all("there is no catalogue" in answer.stderr for answer in answers[2::3])
        assert apply.wait() == 0, apply.text()
    assert naming(folder / "state") == []
    return second


def test_questions_are_answered_beside_an_apply(ingested: Segue) -> None:
    assert stored(ingested, "one") == TRACKS


def test_questions_at_once_share_the_database_that_the_first_starts(ingested: Segue) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: ingested("rejected", "--catalogue", "one"), range(4)))
    assert {(answer.returncode, answer.stdout) for answer in answers} == {(0, "no track was rejected\n")}
    assert naming(ingested.state) == []


def test_a_second_apply_says_for_whom_it_waits_and_then_runs(ingested: Segue, folder: Path, music: Path) -> None:
    third = person(folder, "third")
    with ingested.begin_apply(slowly(music, "two")) as first:
        extracts(first, ingested, "two")
        with first.paused(EXTRACT):
            refused = third.apply(batch_of(music, "three"), "--timeout", "1")
        assert refused.returncode == 1
        assert f"timed out: process {first.process.pid} (segue apply) still runs the resources" in refused.stderr
        with third.begin_apply(batch_of(music, "three")) as second:
            with first.paused(EXTRACT):
                second.wait_until(lambda: f"waiting for process {first.process.pid} (segue apply)" in second.text())
            assert first.wait() == 0, first.text()
            assert second.wait() == 0, second.text()
    assert stored(ingested, "two") == stored(ingested, "three") == TRACKS


HOLD = """
import os, sys
from pathlib import Path
from segue.servers.session import servers
from segue.state import State
with servers(State(Path(sys.argv[1])), os.environ, report=lambda incident: print(incident.message, flush=True)):
    print("ready", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(ingested: Segue) -> Iterator[subprocess.Popen[str]]:
    """Another long-running user of the servers."""
    command = [sys.executable, "-c", HOLD, str(ingested.state)]
    with subprocess.Popen(
        command, env=ingested.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def test_an_apply_outlives_the_process_that_started_the_servers(
    ingested: Segue, holder: subprocess.Popen[str], music: Path
) -> None:
    with ingested.begin_apply(slowly(music, "four")) as apply:
        extracts(apply, ingested, "four")
        with apply.paused(EXTRACT):
            holder.kill()
            holder.wait()
            time.sleep(1)  # the apply has become the keeper
            guard = SharedFiles(ingested.state / "kafka").guard_pid()
            assert guard
            subprocess.run(["kill", "-9", str(guard)], check=True)
        assert apply.wait() == 0, apply.text()
        assert "kafka is ready again" in apply.text()
    assert stored(ingested, "four") == TRACKS
    assert naming(ingested.state) == []


def test_a_killed_apply_leaves_its_servers_to_the_others_and_can_be_continued(
    ingested: Segue, holder: subprocess.Popen[str], music: Path
) -> None:
    port = SharedFiles(ingested.state / "mongodb").endpoint()
    with ingested.begin_apply(slowly(music, "five")) as apply:
        extracts(apply, ingested, "five")
        apply.process.send_signal(signal.SIGKILL)
        apply.process.wait()
    assert SharedFiles(ingested.state / "mongodb").endpoint() == port
    again = ingested.apply(slowly(music, "five"), "--json")
    assert again.returncode == 0, again.stderr
    status = json.loads(again.stdout.splitlines()[-1])["resource"]["status"]
    assert status["tracks"]["stored"] == TRACKS
    assert holder.poll() is None
    holder.kill()
    holder.wait()
    wait_until(lambda: naming(ingested.state) == [])
