"""A music folder that vanishes while a batch is at work, as an unplugged disk does: it says so, and loses no track."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from support.audio import write_tune
from support.processes import naming
from support.waiting import wait_until

pytestmark = pytest.mark.faults

TRACKS = 40


def manifest_of(music: Path) -> Path:
    path = music.with_suffix(".yaml")
    source = {"volume": {"hostPath": {"path": str(music)}}, "metadata": {"format": "Tags"}}
    spec = {"catalogue": "music", "source": source, "maxRejectedPercent": 0}
    head = {"apiVersion": "segue.dev/v1alpha1", "kind": "TrackBatch", "metadata": {"name": "music"}}
    path.write_text(yaml.safe_dump({**head, "spec": spec}))
    return path


def test_it_says_which_folder_is_gone_and_continues_when_it_is_back(tmp_path: Path) -> None:
    music, state, output = tmp_path / "music", tmp_path / "state", tmp_path / "output"
    music.mkdir()
    for number in range(TRACKS):
        write_tune(music / f"tune {number:02d}.wav", seconds=6, seed=number)
    command = [sys.executable, "-m", "segue", "apply", "-f", str(manifest_of(music))]
    inherited = {name: value for name, value in os.environ.items() if name not in ("MONGODB_URI", "KAFKA_BOOTSTRAP")}
    environment = inherited | {"SEGUE_STATE": str(state)}
    with (
        output.open("w") as target,
        subprocess.Popen(command, env=environment, stdout=target, stderr=target) as process,
    ):
        try:
            logs = state / "logs"
            wait_until(lambda: any("source listed" in log.read_text() for log in logs.glob("*/*extract*")), seconds=300)
            music.rename(tmp_path / "away")
            reason = f"CreateContainerConfigError: hostPath {music} is not a folder on this machine"
            wait_until(lambda: reason in output.read_text(), seconds=300)
            (tmp_path / "away").rename(music)
            assert process.wait(600) == 0
        finally:
            process.kill()
    said = [line for line in output.read_text().splitlines() if reason in line]
    assert len(said) <= 2, "rarely, not with every look"
    assert said[0].startswith("trackbatch/music: Extracting: waiting for pod music-extract-")
    assert "fix that and it continues by itself" in said[0]
    assert f"all {TRACKS} tracks are stored" in output.read_text(), "a disk that is away says nothing against its files"
    assert naming(tmp_path) == []
