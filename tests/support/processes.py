"""Processes of this machine: tests that look into /proc are skipped where there is none."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from segue.servers.embedded import Server


def need_proc() -> None:
    """Skip the test on a system without /proc."""
    if not Path("/proc/self/task").is_dir():
        pytest.skip("finds processes by Linux' /proc")


def kill_server(server: Server) -> None:
    """SIGKILL for the server behind its guard, as a machine that loses power does it."""
    need_proc()
    for child in children(server.pid):
        os.kill(child, signal.SIGKILL)


def freeze(server: Server) -> None:
    """SIGSTOP for the server behind its guard: it lives, and hangs for good."""
    need_proc()
    for child in children(server.pid):
        os.kill(child, signal.SIGSTOP)


@contextmanager
def frozen(server: Server) -> Iterator[None]:
    """The server hangs, and then continues."""
    freeze(server)
    try:
        yield
    finally:
        for child in children(server.pid):
            os.kill(child, signal.SIGCONT)


def children(pid: int) -> list[int]:
    """Processes that a process has started; none once it has ended."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(child) for task in tasks for child in (task / "children").read_text(encoding="utf-8").split()]
    except OSError:
        return []


def descendants(pid: int) -> list[int]:
    """All processes below one."""
    return [found for child in children(pid) for found in (child, *descendants(child))]


def command_line(pid: int) -> str:
    """Words of a process's command; empty once it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def naming(words: object) -> list[str]:
    """Command lines of living processes that hold these words, such as a test's folder."""
    found = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
    return [line for line in found.splitlines() if str(words) in line and "ps -eo" not in line]
