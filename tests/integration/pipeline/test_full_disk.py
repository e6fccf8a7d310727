"""The disk of the state directory is full: one sentence says so, and the batch goes on when there is room."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.pipeline import Segue, batch_of, make_music
from support.small_disk import fill, small_disk

pytestmark = pytest.mark.slow

TRACKS = 80


@pytest.mark.parametrize("free_kilobytes", [0, 256])
def test_a_full_disk_is_told_in_a_sentence_and_loses_nothing(tmp_path: Path, free_kilobytes: int) -> None:
    batch = batch_of(make_music(tmp_path / "music", TRACKS))
    with small_disk(tmp_path / "disk", megabytes=64) as disk:
        filler = fill(disk, free_kilobytes=free_kilobytes)
        segue = Segue(tmp_path, state=disk / "state")
        ended = segue.apply(batch, "--timeout", "10")
        assert ended.returncode == 1
        assert "Traceback" not in ended.stderr
        assert "error: " in ended.stderr
        assert "No space left on device" in ended.stderr
        assert "  hint: " in ended.stderr
        filler.unlink()
        again = segue.apply(batch)
        assert again.returncode == 0, again.stderr
        assert segue.document("get", "trackbatch/songs")["status"]["tracks"]["stored"] == TRACKS
