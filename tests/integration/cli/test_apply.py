"""The main job through the command line: a folder of music to recommendations, faults and ends included."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from segue_core.settings import KafkaSettings, MongoSettings
from support.audio import write_tune
from support.batches import nonzero
from support.pipeline import servers_of
from support.processes import naming
from support.waiting import wait_until

pytestmark = pytest.mark.slow

TRACKS = 14
Segue = Callable[..., "subprocess.CompletedProcess[str]"]


def environment(state: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in ("MONGODB_URI", "KAFKA_BOOTSTRAP")}
    return inherited | {"SEGUE_STATE": str(state)}


def segue_command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "segue", *arguments]


def make_music(folder: Path, tracks: int = TRACKS) -> Path:
    folder.mkdir()
    for number in range(tracks):
        write_tune(folder / f"tune {number:02d}.wav", seconds=6, seed=number)
    (folder / "broken \x1b[31m.mp3").write_bytes(b"no music at all" * 100)
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    make_music(folder / "My Music")
    return folder


@pytest.fixture(scope="module")
def segue(home: Path) -> Segue:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            segue_command(*arguments), cwd=home, env=environment(home / "state"), capture_output=True, text=True,
            check=False,
        )  # fmt: skip

    return run


@pytest.fixture(scope="module")
def applied(home: Path, segue: Segue) -> subprocess.CompletedProcess[str]:
    assert segue("init", "My Music", "--catalogue", "mine", "--output", "manifests").returncode == 0
    return segue("apply", "-f", "manifests")


def test_a_folder_of_music_becomes_a_model(applied: subprocess.CompletedProcess[str], home: Path) -> None:
    assert applied.returncode == 0, applied.stderr
    assert "trackbatch/mine created" in applied.stdout
    assert "trainingrun/mine created" in applied.stdout
    table = [line.split() for line in applied.stdout.splitlines()]
    assert ["mine", str(TRACKS + 1), str(TRACKS), "0", "1", str(TRACKS)] in [line[:6] for line in table]
    assert f"model mine:1: {TRACKS} tracks in 2 clusters" in applied.stdout
    assert "\x1b" not in applied.stdout + applied.stderr
    assert naming(home) == []


@pytest.mark.usefixtures("applied")
def test_what_was_stored_can_be_asked(segue: Segue, home: Path) -> None:
    tracks = json.loads(segue("tracks", "--catalogue", "mine", "--json").stdout)
    assert len(tracks) == TRACKS
    seed = tracks[0]["trackId"]
    answer = json.loads(segue("recommend", "--catalogue", "mine", "--track", seed, "-n", "3", "--json").stdout)
    assert len(answer["hits"]) == 3
    rejected = json.loads(segue("rejected", "--catalogue", "mine", "--json").stdout)
    assert [item["path"].startswith("broken") for item in rejected] == [True]
    assert segue("map", "--catalogue", "mine", "--output", "map.png").returncode == 0
    assert (home / "map.png").stat().st_size > 10_000
    assert "source listed" in segue("logs", "trackbatch/mine").stdout


@pytest.mark.usefixtures("applied")
def test_the_same_again_changes_nothing_and_new_music_is_all_that_is_extracted(segue: Segue, home: Path) -> None:
    second = segue("apply", "-f", "manifests")
    assert second.returncode == 0, second.stderr
    assert "trackbatch/mine unchanged" in second.stdout
    assert "nothing to do" in second.stdout
    write_tune(home / "My Music" / "new.wav", seconds=6, seed=99)
    third = segue("apply", "-f", "manifests/trackbatch.yaml", "--again")
    assert third.returncode == 0, third.stderr
    assert "trackbatch/mine replaced" in third.stdout
    status = json.loads(segue("get", "trackbatch/mine", "--json").stdout)["status"]
    assert nonzero(status["tracks"]) == {
        "listed": TRACKS + 2, "extracted": 1, "skipped": TRACKS, "rejected": 1, "stored": TRACKS + 1, "added": 1,
    }  # fmt: skip


@pytest.mark.usefixtures("applied")
def test_a_lost_database_is_named_and_nothing_is_called_done(segue: Segue, home: Path) -> None:
    data = home / "state" / "mongodb"
    data.rename(home / "away")
    try:
        ended = segue("apply", "-f", "manifests")
    finally:
        (home / "away").rename(data)
    assert ended.returncode == 1
    assert "nothing to do" not in ended.stdout
    assert f"finished earlier, but there is no database in {home / 'state'} any more" in ended.stderr
    assert "run the same command with --again" in ended.stderr


def strict_batch(folder: Path, music: Path) -> Path:
    path = folder / "strict.yaml"
    source = {"volume": {"hostPath": {"path": str(music)}}, "metadata": {"format": "Tags"}}
    spec = {"catalogue": "strict", "source": source, "maxRejectedPercent": 0}
    head = {"apiVersion": "segue.dev/v1alpha1", "kind": "TrackBatch", "metadata": {"name": "strict"}}
    path.write_text(yaml.safe_dump({**head, "spec": spec}))
    return path


def test_a_batch_with_too_many_rejections_names_the_line_to_change(
    kafka_settings: KafkaSettings, mongo_settings: MongoSettings, tmp_path: Path
) -> None:
    manifest = strict_batch(tmp_path, make_music(tmp_path / "music", tracks=2))
    ended = subprocess.run(
        segue_command("apply", "-f", str(manifest)),
        env=environment(tmp_path / "state") | servers_of(kafka_settings, mongo_settings),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    assert "error: trackbatch/strict failed: TooManyRejected: 1 of 3 tracks are rejected" in ended.stderr
    assert "segue rejected --catalogue strict" in ended.stderr
    line = manifest.read_text().splitlines().index("  maxRejectedPercent: 0") + 1
    assert f"in line {line} of {manifest}" in ended.stderr
    assert naming(tmp_path) == []


@pytest.mark.parametrize("by", ["Ctrl-C", "segue down"])
def test_an_interrupted_run_leaves_nothing_behind_and_can_continue(tmp_path: Path, by: str) -> None:
    manifest, state = strict_batch(tmp_path, make_music(tmp_path / "music", tracks=40)), tmp_path / "state"
    command = segue_command("apply", "-f", str(manifest))
    with subprocess.Popen(command, env=environment(state), stderr=subprocess.PIPE, text=True) as process:
        try:
            wait_until(lambda: any((state / "logs").glob("*/*extract*")), seconds=90)
            if by == "Ctrl-C":
                process.send_signal(signal.SIGINT)
            else:
                down = subprocess.run(
                    segue_command("down"), env=environment(state), capture_output=True, text=True, check=False
                )
                assert f"ended process {process.pid}" in down.stdout, down.stderr
            _, error = process.communicate(timeout=90)
        finally:
            process.kill()
    assert process.returncode == 130
    assert "run the same command to continue" in error
    assert naming(tmp_path) == []
    (tmp_path / "music" / next(path.name for path in (tmp_path / "music").glob("broken*"))).unlink()
    again = subprocess.run(command, env=environment(state), capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert " 40 " in again.stdout
