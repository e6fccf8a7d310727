"""Parent of one local process: ends the whole process group when its own parent dies or asks it to.

Run by path (``python guard.py --grace=SECONDS --group-file=PATH -- COMMAND...``; all options may be left out) with a
pipe as standard input that the parent keeps open: end of file means the parent is gone, however it ended. Should the
guard itself be killed, a sentinel that it has forked kills the group; the group file names that group to whoever waits
for its end. Works wherever POSIX does, unlike Linux' death signal. Standard library only, nothing of Segue: it must
start in milliseconds.

A server that several processes share has ``--shared=FOLDER`` and ``--running=DESCRIPTOR``. Once its parent has written
a line to the pipe, the guard puts that line into ``FOLDER/endpoint.json``, and the server no longer depends on its
parent: it ends when no process holds the lock ``FOLDER/users.lock`` any more. The descriptor is an open lock that the
guard and the server hold as long as they live.
"""

import fcntl
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


class _Ending:
    """Ends the group: a signal, the grace period, SIGKILL.

    It happens once, whoever asks for it. A server that is told again while it closes its files may wait for a lock that
    it holds itself, until it is killed.
    """

    _SETTLE_SECONDS = 0.05
    """Whoever asks has just closed connections. A thread that ends with its connection may take the signal, and then
    Python's main thread, which alone acts on it, sleeps on."""

    def __init__(self, grace_seconds: float) -> None:
        self._grace_seconds = grace_seconds
        self._first = threading.Lock()

    def __call__(self, group: int, number: int = signal.SIGTERM) -> None:
        if not self._first.acquire(blocking=False):
            return
        time.sleep(self._SETTLE_SECONDS)
        _signal_group(group, number)
        deadline = time.monotonic() + self._grace_seconds
        while time.monotonic() < deadline:
            if not _signal_group(group, 0):
                return
            time.sleep(0.05)
        _signal_group(group, signal.SIGKILL)


def _end_with_parent(group: int, ending: _Ending) -> None:
    while os.read(0, 4096):
        pass
    ending(group)


class _Shared:
    """A server that belongs to all who hold the lock ``users.lock``."""

    _LOOK_SECONDS = 0.1

    def __init__(self, folder: str) -> None:
        self._users = os.path.join(folder, "users.lock")  # noqa: PTH118 - pathlib doubles the time to start
        self._endpoint = os.path.join(folder, "endpoint.json")  # noqa: PTH118
        self._is_published = False

    def end_unused(self, group: int, ending: _Ending) -> None:
        """End the group when its parent goes before the server is ready, or when nobody uses the server any more."""
        received = b""
        while not received.endswith(b"\n"):
            part = os.read(0, 4096)
            if not part:
                ending(group)
                return
            received += part
        try:
            self._publish(received)
            users = os.open(self._users, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            sys.stderr.write(f"cannot write {self._endpoint}: {error.strerror}\n")
            ending(group)
            return
        while not self._is_unused(users):
            time.sleep(self._LOOK_SECONDS)
        self.withdraw()  # and keep the lock: who comes now waits for the end
        ending(group)

    def withdraw(self) -> None:
        """Remove the endpoint: the server is ending."""
        if self._is_published:
            try:
                os.unlink(self._endpoint)  # noqa: PTH108
            except OSError:
                return  # it is worth nothing once the server's lock is free

    def _publish(self, line: bytes) -> None:
        partial = f"{self._endpoint}.partial"
        target = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(target, line)
        finally:
            os.close(target)
        self._is_published = True
        os.rename(partial, self._endpoint)  # noqa: PTH104

    @staticmethod
    def _is_unused(users: int) -> bool:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


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
    """Hands signals on to the group; one that comes before the command runs is kept for it.

    With an ending, the first signal is the group's end.
    """

    def __init__(self, ending: _Ending | None = None) -> None:
        self._ending = ending
        self._group: int | None = None
        self._early: list[int] = []
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._forward)

    def attach(self, group: int) -> None:
        self._group = group
        for number in self._early:
            self._signal(group, number)

    def _forward(self, number: int, _frame: object) -> None:
        if self._group is None:
            self._early.append(number)
        else:
            self._signal(self._group, number)

    def _signal(self, group: int, number: int) -> None:
        if self._ending is None:
            _signal_group(group, number)
        else:
            threading.Thread(target=self._ending, args=(group, number), daemon=True).start()


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
    ending = _Ending(float(options.get("--grace", "10")))
    shared = _Shared(options["--shared"]) if "--shared" in options else None
    inherited = (int(options["--running"]),) if "--running" in options else ()
    sentinel = _Sentinel()
    forwarder = _Forwarder(ending if shared else None)
    try:
        child = subprocess.Popen(
            argv[separator + 1 :], stdin=subprocess.DEVNULL, start_new_session=True, pass_fds=inherited
        )
    except OSError as error:
        sys.stderr.write(f"cannot start {argv[separator + 1]}: {error.strerror}\n")
        return 127
    sentinel.attach(child.pid)
    forwarder.attach(child.pid)
    if "--group-file" in options:
        _write_group(options["--group-file"], child.pid)
    watch = shared.end_unused if shared else _end_with_parent
    threading.Thread(target=watch, args=(child.pid, ending), daemon=True).start()
    code = child.wait()
    if shared:
        shared.withdraw()
    _signal_group(child.pid, signal.SIGKILL)  # what the command left behind in its group
    sentinel.dismiss()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
