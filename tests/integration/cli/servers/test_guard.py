"""How a guard ends what it guards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from segue.servers import guard
from support.waiting import wait_until

SERVER = """
import signal, sys, time
told = 0
def end(number, frame):
    global told
    told += 1
signal.signal(signal.SIGTERM, end)
print("up", flush=True)
while not told:
    time.sleep(0.01)
time.sleep(1)
print("told", told, flush=True)
"""
"""Takes a second to close its files, and counts how often it is told to end."""


def test_a_shared_server_is_told_once_whoever_wants_its_end(tmp_path: Path) -> None:
    """SecantusDB waits for its own locks if it is told again while it ends."""
    log = tmp_path / "log"
    command = [sys.executable, guard.__file__, "--grace=10", f"--shared={tmp_path}", "--", sys.executable, "-c", SERVER]
    with log.open("w") as output, subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output) as guarding:
        assert guarding.stdin is not None
        wait_until(lambda: log.read_text() == "up\n")
        guarding.stdin.write(b"{}\n")  # it is ready, and nobody holds the lock of its users: it ends
        guarding.stdin.flush()
        for _ in range(3):
            os.kill(guarding.pid, signal.SIGTERM)
            time.sleep(0.1)
        assert guarding.wait(20) == 0
    assert log.read_text() == "up\ntold 1\n"
