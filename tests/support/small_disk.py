"""A small file system of its own, which a test can fill."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, *, megabytes: int) -> Iterator[Path]:
    """A tmpfs of a size; skips the test where none may be mounted."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "segue-test", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"needs the right to mount a tmpfs: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path, *, free_kilobytes: int) -> Path:
    """Leave only so much free; returns the file to delete for there to be room again."""
    filler = disk / "filler"
    filler.write_bytes(b"x" * (shutil.disk_usage(disk).free - (free_kilobytes << 10)))
    return filler


@contextmanager
def keep_full(disk: Path) -> Iterator[None]:
    """Fill the disk to its last page, and again whenever something frees space; afterwards there is room."""
    filler, stopping = disk / "filler", threading.Event()

    def run() -> None:
        while not stopping.wait(0.05):
            for size in (1 << 20, 512):
                with suppress(OSError), filler.open("ab", buffering=0) as target:
                    while not stopping.is_set():
                        target.write(b"x" * size)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
        filler.unlink(missing_ok=True)
