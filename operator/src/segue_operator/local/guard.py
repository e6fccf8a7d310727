"""Parent of one local process: ends the whole process group when its own parent dies or asks it to.

Run by path (``python guard.py --grace=SECONDS --group-file=PATH -- COMMAND...``; both options may be left out) with a
pipe as standard input that the parent keeps open: end of file means the parent is gone, however it ended. Should the
guard itself be killed, a sentinel that it has forked kills the group; the group file names that group to whoever waits
for its end. Works wherever POSIX does, unlike Linux' death signal. Standard library only, nothing of Segue: it must
start in milliseconds.
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


class _Sentinel:
    """A process in a session of its own that kills the command's group when the guard dies without a last word."""

    _ALL_IS_WELL = "0"

    def __init__(self) -> None:
        reading, self._writing = os.pipe()
        if os.fork() == 0:
            try:
                os.close(self._writing)
                os.setsid()
                if os.fork() == 0:  # nobody's child: who waits for the guard's children does not meet it
                    self._watch(reading)
            finally:
                os._exit(0)
        os.close(reading)
        os.wait()

    def attach(self, group: int) -> None:
        """Say which group to kill."""
        os.write(self._writing, f"{group}\n".encode())

    def dismiss(self) -> None:
        """The command has ended, and its group with it."""
        os.write(self._writing, f"{self._ALL_IS_WELL}\n".encode())

    def _watch(self, reading: int) -> None:
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):  # whoever reads the guard's output must see its end
            os.dup2(nothing, descriptor)
        told = b""
        while received := os.read(reading, 4096):
            told += received
        last = told.decode().split()[-1:]
        if last and last != [self._ALL_IS_WELL]:
            _signal_group(int(last[0]), signal.SIGKILL)


class _Forwarder:
    """Hands signals on to the group; one that comes before the command runs is kept for it."""

    def __init__(self) -> None:
        self._group: int | None = None
        self._early: list[int] = []
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._forward)

    def attach(self, group: int) -> None:
        self._group = group
        for number in self._early:
            _signal_group(group, number)

    def _forward(self, number: int, _frame: object) -> None:
        if self._group is None:
            self._early.append(number)
        else:
            _signal_group(self._group, number)


def _write_group(path: str, group: int) -> None:
    try:
        with open(path, "w") as target:  # noqa: PTH123 - pathlib doubles the time to start
            target.write(str(group))
    except OSError as error:
        sys.stderr.write(f"cannot write {path}: {error.strerror}\n")


def main(argv: list[str]) -> int:
    """Run the command and return its exit code (128 + signal, as a shell does)."""
    separator = argv.index("--")
    options = dict(option.partition("=")[::2] for option in argv[:separator])
    grace_seconds = float(options.get("--grace", "10"))
    sentinel = _Sentinel()
    forwarder = _Forwarder()
    try:
        child = subprocess.Popen(argv[separator + 1 :], stdin=subprocess.DEVNULL, start_new_session=True)
    except OSError as error:
        sys.stderr.write(f"cannot start {argv[separator + 1]}: {error.strerror}\n")
        return 127
    sentinel.attach(child.pid)
    forwarder.attach(child.pid)
    if "--group-file" in options:
        _write_group(options["--group-file"], child.pid)
    threading.Thread(target=_end_with_parent, args=(child.pid, grace_seconds), daemon=True).start()
    code = child.wait()
    _signal_group(child.pid, signal.SIGKILL)  # what the command left behind in its group
    sentinel.dismiss()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
