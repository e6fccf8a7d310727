"""A server that starts in a moment, shared by processes that can be killed at any time.

``python -m support.tiny_server FOLDER [keep]`` uses the server in a folder until its standard input ends, and prints
each step: ``joined`` before the first wait, ``ready PORT``, ``left``. With ``keep`` it supervises the server as well.
"""

from __future__ import annotations

import queue
import socket
import subprocess
import sys
import threading
from contextlib import nullcontext
from pathlib import Path
from typing import Self

from segue.servers.embedded import Server
from segue.servers.health import NoAnswerError
from segue.servers.sharing import SharedServer
from segue.servers.supervision import kept_running

_PATIENCE_SECONDS = 120.0
"""How long a step may take on a busy machine."""
_SERVE = """
import pathlib, socket, sys, time
name, port = sys.argv[1:]
pause = pathlib.Path(name) / "pause"
while pause.exists():
    time.sleep(0.01)
with socket.create_server(("127.0.0.1", int(port))) as listening:
    while True:
        connection, _ = listening.accept()
        connection.sendall(b"here")
        connection.close()
"""


class TinyServer(Server):
    """Says ``here`` to everyone; while its folder has a file ``pause``, it does not get ready."""

    name = "tiny"

    def ask(self, seconds: float = 1.0, *, write: bool = True) -> None:
        del write
        try:
            with socket.create_connection(("127.0.0.1", self.port), seconds) as connection:
                connection.recv(10)
        except OSError as error:
            raise NoAnswerError(str(error)) from error

    def _command(self) -> list[str]:
        return [sys.executable, "-I", "-S", "-c", _SERVE, str(self.directory), str(self.port)]


def is_served(port: int) -> bool:
    """Whether the server answers."""
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as connection:
            return connection.recv(10) == b"here"
    except OSError:
        return False


class User:
    """A process that uses the server in a folder."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "support.tiny_server", str(folder), *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[1],
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._lines.put(line.strip())
        self._lines.put("")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._reader.join()
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.stdout.close()

    def line(self) -> str:
        """The next step that it prints; empty once it has ended."""
        try:
            return self._lines.get(timeout=_PATIENCE_SECONDS)
        except queue.Empty:
            raise AssertionError(f"it has printed nothing for {_PATIENCE_SECONDS:.0f} s") from None

    def port(self) -> int:
        """The server's port, once this process may use it."""
        while (line := self.line()) and not line.startswith("ready "):
            pass
        return int(line.partition(" ")[2])

    def leave(self) -> None:
        """Let it stop using the server, and wait for its end."""
        assert self.process.stdin
        self.process.stdin.close()
        assert self.process.wait(60) == 0

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait()


def main(folder: Path, *, keep: bool) -> None:
    """Use the server until standard input ends."""
    shared = SharedServer(TinyServer(folder))
    try:
        shared.begin()
        print("joined", flush=True)
        shared.await_ready(lambda _server, _seconds: None)
        if not keep:
            shared.let_others_keep()
        with kept_running([shared], lambda incident: print(incident.message, flush=True)) if keep else nullcontext():
            print(f"ready {shared.server.port}", flush=True)
            sys.stdin.read()
    finally:
        shared.leave()
    print("left", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), keep="keep" in sys.argv)
