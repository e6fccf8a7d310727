"""A file that the program may not read is rejected with the system's reason."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from segue_core.contract import Reason
from segue_jobs.extract.audio_source import RejectedError
from segue_jobs.extract.decode import check_file


@pytest.fixture
def closed_file() -> Iterator[Path]:
    """A file for an unprivileged user; the test continues as that user, because root can read everything."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    path = folder / "closed.mp3"
    path.write_bytes(b"x")
    path.chmod(0)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    yield path
    if is_root:
        os.seteuid(0)
    shutil.rmtree(folder)


def test_a_file_without_the_right_to_read_it_is_unreadable(closed_file: Path) -> None:
    with pytest.raises(RejectedError) as caught:
        check_file(closed_file, 1 << 20)
    assert caught.value.problem.reason is Reason.UNREADABLE
    assert "Permission denied" in caught.value.problem.message
