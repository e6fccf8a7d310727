"""Parent of one local process: ends the whole process group when its own parent dies or asks it to.

Run by path (``python guard.py --grace=SECONDS -- COMMAND...``) with a pipe as standard input that the parent keeps
open: end of file means the parent is gone, however it ended. Works wherever POSIX does, unlike Linux' death signal.
Standard library only, nothing of Segue: it must start in milliseconds.
"""

import os
import signal
import subprocess
import sys
import threading
import time


def _signal_group(group: int, number: int) -> bool:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _end_group(group: int, grace_seconds: float) -> None:
    _signal_group(group, signal.SIGTERM)
    deadline = time.monotonic() + grace_seconds
    while time.monotonic() < deadline:
        if not _signal_group(group, 0):
            return
        time.sleep(0.05)
    _signal_group(group, signal.SIGKILL)


def _end_with_parent(group: int, grace_seconds: float) -> None:
    while os.read(0, 4096):
        pass
    _end_group(group, grace_seconds)


def main(argv: list[str]) -> int:
    """Run the command and return its exit code (128 + signal, as a shell does)."""
    separator = argv.index("--")
    grace_seconds = float(argv[0].partition("=")[2]) if separator else 10.0
    try:
        child = subprocess.Popen(argv[separator + 1 :], stdin=subprocess.DEVNULL, start_new_session=True)
    except OSError as error:
        sys.stderr.write(f"cannot start {argv[separator + 1]}: {error.strerror}\n")
        return 127
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: _signal_group(child.pid, number) and None)
    threading.Thread(target=_end_with_parent, args=(child.pid, grace_seconds), daemon=True).start()
    code = child.wait()
    _signal_group(child.pid, signal.SIGKILL)  # what the command left behind in its group
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
