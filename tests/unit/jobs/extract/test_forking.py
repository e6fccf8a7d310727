"""The folder of the fork server's socket does not stay behind, however the program ends."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

START = """
import os, signal, sys
from segue_jobs.extract import forking
forking._LOADED_ONCE = []
forking.start_fork_server()
if sys.argv[1:]:
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def scratch() -> Iterator[Path]:
    """Where temporary files go; the path of a socket must be short."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def run(scratch: Path, *arguments: str) -> int:
    environment = {**os.environ, "TMPDIR": str(scratch)}
    return subprocess.run([sys.executable, "-c", START, *arguments], env=environment, check=False).returncode


def test_what_a_killed_program_left_is_swept_by_the_next(scratch: Path) -> None:
    foreign = [scratch / "segue-extract-mine", scratch / f"segue-extract-{os.getpid()}"]
    for folder in foreign:
        folder.mkdir()
    assert run(scratch, "killed") == -signal.SIGKILL
    assert list(scratch.rglob("pymp-*")) != []
    assert run(scratch) == 0
    assert sorted(scratch.rglob("*")) == sorted(foreign)


def test_a_long_path_of_temporary_files_keeps_nothing_from_starting(scratch: Path) -> None:
    long = scratch / ("x" * (65 - len(str(scratch))))
    long.mkdir()
    assert run(long) == 0
    assert list(long.iterdir()) == []
