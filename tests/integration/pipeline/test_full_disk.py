"""The disk of the state directory is full: a sentence says so, and the batch continues by itself when there is room."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from support.pipeline import Segue, batch_of, make_music
from support.processes import naming
from support.small_disk import fill, keep_full, small_disk

pytestmark = pytest.mark.slow

TRACKS = 80
MANY_TRACKS = 2000
FULL_SECONDS = 20


@pytest.mark.parametrize("free_kilobytes", [0, 256])
def test_nothing_begins_on_a_full_disk_and_nothing_is_lost(tmp_path: Path, free_kilobytes: int) -> None:
    batch = batch_of(make_music(tmp_path / "music", TRACKS))
    with small_disk(tmp_path / "disk", megabytes=64) as disk:
        filler = fill(disk, free_kilobytes=free_kilobytes)
        segue = Segue(tmp_path, state=disk / "state")
        ended = segue.apply(batch)
        assert ended.returncode == 1
        assert ended.stderr == (
            f"error: the disk that holds {disk / 'state'} is full: 0 MB free, 48 MB needed\n"
            "  hint: make room, or use a folder on another disk with --state DIR, then run the same command again\n"
        )
        filler.unlink()
        again = segue.apply(batch)
        assert again.returncode == 0, again.stderr
        assert segue.document("get", "trackbatch/songs")["status"]["tracks"]["stored"] == TRACKS


@pytest.mark.faults
def test_a_batch_whose_disk_is_full_for_a_while_continues_by_itself(tmp_path: Path) -> None:
    batch = batch_of(make_music(tmp_path / "music", MANY_TRACKS))
    with small_disk(tmp_path / "disk", megabytes=500) as disk:
        segue = Segue(tmp_path, state=disk / "state")
        with segue.begin_apply(batch) as running:
            running.wait_until(lambda: " stored" in running.text(), seconds=300)
            with keep_full(disk):
                running.wait_until(lambda: f"the disk that holds {disk / 'state'} is full" in running.text())
                time.sleep(FULL_SECONDS)
            running.wait_until(lambda: "has room again" in running.text())
            assert running.wait(900) == 0, running.text()
        assert "\\x00" not in running.text()
        assert "48 MB needed" in running.text()
        assert running.text().count(" is full: ") == 1
        assert segue.document("get", "trackbatch/songs")["status"]["tracks"]["stored"] == MANY_TRACKS


@pytest.mark.faults
def test_a_batch_whose_disk_stays_full_ends_in_order_when_its_time_is_up(tmp_path: Path) -> None:
    batch = batch_of(make_music(tmp_path / "music", MANY_TRACKS))
    with small_disk(tmp_path / "disk", megabytes=500) as disk:
        segue = Segue(tmp_path, state=disk / "state")
        with segue.begin_apply(batch, "--timeout", "90") as running:
            running.wait_until(lambda: " stored" in running.text(), seconds=300)
            with keep_full(disk):
                assert running.wait(300) == 1, running.text()
            text = running.text()
        assert f"the disk that holds {disk / 'state'} is full" in text
        assert "make room, and Segue continues by itself" in text
        assert "error: timed out; not finished: trackbatch/songs" in text
        assert "Traceback" not in text
        assert naming(disk) == []
