"""Deleting resources."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue.__main__ import main
from segue.cluster.api_server.object_files import read_objects
from segue_operator.kinds.manifests import with_defaults
from segue_operator.kinds.objects import Key, Manifest
from support.local_state import ended, pod, write_state
from support.manifests import track_batch, training_run


def stored(manifest: Manifest, uid: str, *, owner: str | None = None) -> Manifest:
    """An object as the local API server keeps it."""
    metadata = {**manifest["metadata"], "namespace": "default", "uid": uid, "resourceVersion": "1", "generation": 1}
    references = [{"apiVersion": "v1", "kind": "X", "name": "x", "uid": owner}] if owner else []
    return {**manifest, "metadata": {**metadata, "ownerReferences": references}}


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SEGUE_STATE", str(tmp_path))
    batch = ended(with_defaults(track_batch("songs")), reason="Completed", message="m")
    running = pod("songs-extract-0", labels={}, phase="Running")
    write_state(
        tmp_path,
        stored(batch, "b"),
        stored(with_defaults(training_run("weekly")), "r"),
        stored(running, "p", owner="b"),
    )
    return tmp_path


def left(state: Path) -> list[str]:
    return sorted(Key.of(found).name for found in read_objects(state))


def test_a_resource_goes_with_its_pods(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["delete", "trackbatch/songs"]) == 0
    assert capsys.readouterr().out == "trackbatch/songs deleted\n"
    assert left(state) == ["weekly"]


def test_kubectls_two_words_are_understood(state: Path) -> None:
    assert main(["delete", "trainingrun", "weekly"]) == 0
    assert left(state) == ["songs", "songs-extract-0"]


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("songs", "write trackbatch/NAME or trainingrun/NAME"),
        ("trackbatch/song", "did you mean songs?"),
        ("pod/songs-extract-0", "only TrackBatches and TrainingRuns are deleted"),
        ("trackbatch/", "names no resource"),
    ],
)
def test_a_wrong_name_deletes_nothing(target: str, said: str, state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["delete", "trainingrun/weekly", target]) == 2
    assert said in capsys.readouterr().err
    assert len(left(state)) == 3
