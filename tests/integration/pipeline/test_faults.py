"""The whole pipeline through the command line, with everything behind it killed in mid-batch: nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from segue.servers.session import open_database
from segue.state import State
from segue_core.store.database import Collection
from support.batches import nonzero
from support.pipeline import Segue, batch_of, make_music
from support.sink import snapshot

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="finding child processes needs /proc"),
]

TRACKS = 100


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pipeline")


@pytest.fixture(scope="module")
def music(folder: Path) -> Path:
    return make_music(folder / "music", TRACKS)


def stored(segue: Segue) -> int:
    """Tracks that the database of a run has at this moment."""
    with open_database(State(segue.state), {}) as target:
        return target[Collection.TRACKS].estimated_document_count()


@pytest.fixture(scope="module")
def disturbed(folder: Path, music: Path) -> Segue:
    """A batch during which an extract worker, the broker and the database were killed one after another."""
    segue = Segue(folder)
    with segue.begin_apply(batch_of(music, extraction={"engine": "Librosa"})) as running:
        running.wait_until(lambda: segue.logs("extract") and "shard listed" in segue.logs("extract")[0].read_text())
        running.kill("segue_jobs.extract", "--catalogue")
        running.wait_until(lambda: stored(segue) > 0)
        running.kill("kafka.Kafka")
        running.kill("secantus")
        assert running.wait() == 0, running.text()
        for server in ("kafka", "mongodb"):
            assert f"{server} stopped unexpectedly and is being restarted; its log: " in running.text()
            assert f"{server} is ready again after " in running.text()
    return segue


def documents(segue: Segue) -> dict[str, bytes]:
    """Everything that the sink has stored, byte by byte."""
    with open_database(State(segue.state), {}) as target:
        return snapshot(target)


def test_killed_worker_broker_and_database_lose_nothing_and_double_nothing(disturbed: Segue) -> None:
    status = disturbed.document("get", "trackbatch/songs")["status"]
    counts = {"listed": TRACKS, "extracted": TRACKS, "stored": TRACKS, "added": TRACKS}
    assert nonzero(status["tracks"]) == counts
    assert {name.removeprefix("tracks/") for name in documents(disturbed)} == {
        f"songs:{number}" for number in range(TRACKS)
    }


def test_the_batch_applied_again_extracts_nothing_and_changes_no_document(disturbed: Segue, music: Path) -> None:
    before = documents(disturbed)
    with disturbed.begin_apply(batch_of(music, extraction={"engine": "Librosa"}), "--again", "--json") as again:
        again.wait_until(lambda: '"Applied"' in again.text())
        again.kill("secantus")
        assert again.wait() == 0, again.text()
    events = [json.loads(line) for line in again.text().splitlines() if line.startswith("{")]
    assert [(event["event"], event.get("server"), event.get("state")) for event in events] == [
        ("Applied", None, None),
        ("Server", "mongodb", "Died"),
        ("Server", "mongodb", "Restarted"),
        ("Finished", None, None),
    ]
    assert events[0]["change"] == "replaced"
    assert events[-1]["resource"]["status"]["phase"] == "Succeeded"
    counts = {"listed": TRACKS, "skipped": TRACKS, "stored": TRACKS}
    assert nonzero(disturbed.document("get", "trackbatch/songs")["status"]["tracks"]) == counts
    assert documents(disturbed) == before
