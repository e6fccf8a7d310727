"""The demo that needs no clone."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from segue.__main__ import main
from segue_operator.kinds.manifests import load_manifests, validate


@pytest.mark.parametrize("name", ["trackbatch.yaml", "trainingrun.yaml"])
def test_its_manifests_are_those_of_the_examples(name: str, repository: Path) -> None:
    packaged = files("segue").joinpath("manifests", name).read_text(encoding="utf-8")
    assert packaged == (repository / "examples/demo" / name).read_text(encoding="utf-8"), "run make generate"


def test_it_writes_them_and_the_music_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SEGUE_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("KAFKA_BOOTSTRAP", "kafka://nowhere:1")
    (tmp_path / "state/demo/music").mkdir(parents=True)
    (tmp_path / "state/demo/tracks.csv").write_text("id,path\n")
    assert main(["demo"]) == 2
    shown = capsys.readouterr()
    assert "it is there already" in shown.out
    assert "leave out kafka://" in shown.err
    assert [type(validate(one)).__name__ for one in load_manifests(tmp_path / "state/manifests/demo")] == [
        "TrackBatch", "TrainingRun",
    ]  # fmt: skip
