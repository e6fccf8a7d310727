"""What to do about a resource that failed."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue.commands.way_out import way_out
from segue_operator.kinds.objects import Manifest
from support.local_state import ended
from support.manifests import track_batch

TEXT = """\
# mine
apiVersion: segue.dev/v1alpha1
kind: TrackBatch
metadata: {{name: songs}}
spec:
  catalogue: music
{limit}  source: {{volume: {{hostPath: {{path: /m}}}}, audioPath: ., metadata: {{format: Tags}}}}
"""


@pytest.fixture
def failed() -> Manifest:
    """A batch of which 9 of 20 files were rejected, and 20 % may be."""
    batch = track_batch("songs")
    batch["spec"] |= {"catalogue": "music", "maxRejectedPercent": 20}
    counts = {"listed": 20, "rejected": 9}
    return ended(batch, reason="TooManyRejected", message="m", failed=True, tracks=counts)


def test_too_many_rejections_point_to_the_files_and_to_the_line(failed: Manifest, tmp_path: Path) -> None:
    path = tmp_path / "trackbatch.yaml"
    path.write_text(TEXT.format(limit="  maxRejectedPercent: 20\n"))
    assert way_out(failed, [str(tmp_path)]) == (
        "see each file: segue rejected --catalogue music; repair them, or write `maxRejectedPercent: 45` in line 7 of "
        f"{path}, then run it again with --again"
    )


def test_a_command_that_runs_everything_again_needs_no_option(failed: Manifest) -> None:
    assert way_out(failed, ["-"], again=True).endswith("to 45, then run it again")


def test_a_manifest_without_the_limit_gets_one(failed: Manifest, tmp_path: Path) -> None:
    path = tmp_path / "trackbatch.yaml"
    path.write_text(TEXT.format(limit=""))
    assert f"or add `maxRejectedPercent: 45` under `spec` in {path}" in way_out(failed, [str(path)])


@pytest.mark.parametrize("files", [["-"], []])
def test_a_manifest_that_is_no_file_gets_the_number(failed: Manifest, files: list[str]) -> None:
    assert "or raise maxRejectedPercent (20) to 45" in way_out(failed, files)


def test_any_other_failure_points_to_the_log() -> None:
    batch = ended(track_batch("songs"), reason="DeadlineExceeded", message="m", failed=True)
    assert way_out(batch, ["-"]) == "read its log: segue logs trackbatch/songs; run it again with --again"
