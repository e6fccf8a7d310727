"""A file system that is full."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def full_disk(folder: Path, *, megabytes: int, free_kilobytes: int) -> Iterator[Path]:
    """A tmpfs of a size, of which only so much is free; skips the test where none may be mounted."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "segue-test", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"needs the right to mount a tmpfs: {mounted.stderr.strip()}")
    try:
        (folder / "filler").write_bytes(b"x" * ((megabytes << 20) - (free_kilobytes << 10)))
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
