"""Looking at a state directory, whether or not anything runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from segue.__main__ import main
from segue_operator.children.sink_deployment import SINK_PODS
from support.local_state import ended, pod, write_state
from support.manifests import track_batch, training_run

BATCH_LABEL = "segue.dev/trackbatch"


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "state"
    monkeypatch.setenv("SEGUE_STATE", str(root))
    counts = {"listed": 9, "extracted": 7, "skipped": 0, "rejected": 2, "stored": 7}
    write_state(
        root,
        ended(track_batch("songs"), reason="PartiallyCompleted", message="7 tracks", tracks=counts),
        training_run("weekly"),
        pod("songs-extract-0-aa", labels={BATCH_LABEL: "songs", "segue.dev/component": "extract"}),
        pod("segue-sink-bb", labels=SINK_PODS),
        pod("other-extract-0-cc", labels={BATCH_LABEL: "other", "segue.dev/component": "extract"}),
        logs={"songs-extract-0-aa": "one\ntwo\nthree\n", "segue-sink-bb": "sunk\n", "other-extract-0-cc": "other\n"},
    )
    return root


def words(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


@pytest.mark.usefixtures("state")
@pytest.mark.parametrize("name", ["trackbatches", "trackbatch", "tb", "TrackBatch"])
def test_a_kind_is_found_by_all_its_names(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["get", name]) == 0
    header, row = words(capsys.readouterr().out)
    assert header[:6] == ["NAME", "CATALOGUE", "PHASE", "LISTED", "STORED", "REJECTED"]
    assert row[:6] == ["songs", "music", "Succeeded", "9", "7", "2"]


@pytest.mark.usefixtures("state")
def test_wide_tells_more(capsys: pytest.CaptureFixture[str]) -> None:
    main(["get", "tb", "-o", "wide"])
    assert "PartiallyCompleted" in capsys.readouterr().out


@pytest.mark.usefixtures("state")
def test_data_is_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["get", "trackbatch/songs", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["status"]["tracks"]["stored"] == 7
    assert main(["get", "pods", "-o", "yaml"]) == 0
    assert len(yaml.safe_load(capsys.readouterr().out)["items"]) == 3


@pytest.mark.usefixtures("state")
def test_without_a_kind_both_resources_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["get"]) == 0
    shown = capsys.readouterr().out
    assert "songs" in shown
    assert "weekly" in shown
    for output, read in (("json", json.loads), ("yaml", yaml.safe_load)):
        assert main(["get", "-o", output]) == 0
        document = read(capsys.readouterr().out)
        assert [item["metadata"]["name"] for item in document["items"]] == ["songs", "weekly"]


@pytest.mark.usefixtures("state")
@pytest.mark.parametrize(
    ("command", "hint"),
    [
        (["get", "trackbatchs"], "did you mean trackbatches"),
        (["get", "tb", "song"], "did you mean songs?"),
        (["get", "tb", "xyz"], "known: songs"),
        (["logs", "segue-sink"], "did you mean segue-sink-bb?"),
        (["logs", "tb/nothing"], "known: songs"),
        (["logs", "job/songs"], "logs are kept for pods"),
    ],
)
def test_a_wrong_name_is_corrected(command: list[str], hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command) == 2
    assert hint in capsys.readouterr().err


@pytest.mark.usefixtures("state")
def test_a_log_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["logs", "songs-extract-0-aa"]) == 0
    assert capsys.readouterr().out == "one\ntwo\nthree\n"
    assert main(["logs", "pod/songs-extract-0-aa", "--tail", "1"]) == 0
    assert capsys.readouterr().out == "three\n"


@pytest.mark.usefixtures("state")
def test_a_resources_logs_are_those_of_its_pods(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["logs", "trackbatch/songs", "--tail", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sorted(lines) == ["[segue-sink-bb] sunk", "[songs-extract-0-aa] three"]


@pytest.mark.usefixtures("state")
def test_following_ends_when_nothing_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["logs", "segue-sink-bb", "-f"]) == 0
    assert capsys.readouterr().out == "sunk\n"


def test_a_damaged_object_is_named(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = state / "objects" / "TrackBatch" / "default" / "songs.json"
    path.write_text("{")
    assert main(["get"]) == 1
    assert str(path) in capsys.readouterr().err


def test_a_reader_that_leaves_early_is_not_a_failure(state: Path) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    command = [sys.executable, "-m", "segue", "--state", str(state), "get"]
    with os.fdopen(write_end, "wb") as output:
        ended = subprocess.run(command, stdout=output, stderr=subprocess.PIPE, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
