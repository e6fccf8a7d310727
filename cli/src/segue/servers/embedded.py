"""The embedded servers: Apache Kafka (KRaft, one node) and SecantusDB, which speaks MongoDB's protocol."""

from __future__ import annotations

import base64
import contextlib
import socket
import subprocess
import sys
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from segue.errors import LocalError
from segue.servers.health import WrongAnswerError, ask_broker, ask_database
from segue.servers.java import java_command, kafka_class_path
from segue.servers.kafka_folder import DATA, KAFKA_PROPERTIES, set_aside
from segue.servers.process import GuardedProcess, ServerProcess
from segue.servers.server_log import ServerLog
from segue.servers.startup import OnWait, StartPatience, not_started

HOST = "127.0.0.1"
_KAFKA_LOGGING = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS",
)
_LOOK_SECONDS = 0.05
ANSWER_SECONDS = 5.0


def free_port() -> int:
    """A TCP port of the loopback interface that is free now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_silently(_server: str, _seconds: float) -> None:
    """Tell nobody."""


Spawn = Callable[[list[str], Path, Path], ServerProcess]
"""Starts a server's process: its command, log and folder."""


def _spawn_own(command: list[str], log: Path, directory: Path) -> ServerProcess:
    return GuardedProcess(command, log=log, directory=directory)


class Server(ABC):
    """One embedded server: started on a free port, stopped with its process group.

    Parameters
    ----------
    directory
        Where its data is.
    port
        The port it must have.
    """

    name = "server"

    def __init__(self, directory: Path, *, port: int | None = None) -> None:
        self.directory = directory
        self._spawn: Spawn = _spawn_own
        self.log = directory / f"{self.name}.log"
        self._fixed_port = port
        self.port = 0
        self._log = ServerLog(self.log)
        self._process: ServerProcess | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Process id of the running server's guard."""
        if self._process is None:
            raise LocalError(f"{self.name} is not running")
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether its process is there."""
        return self._process is not None and self._process.exit_code() is None

    def launch(self, port: int | None = None) -> None:
        """Start the process without waiting for it, on a given port, the fixed one, or a free one.

        Raises
        ------
        LocalError
            The wanted port is in use, or the server cannot be prepared.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port = port or self._fixed_port or free_port()
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, self.port))
            except OSError as error:
                raise LocalError(
                    f"{self.name} cannot use port {self.port}: {error.strerror}; stop what uses it"
                ) from error
        command = self._command()
        self._log.begin()
        self._process = self._spawn(command, self.log, self.directory)

    def spawn_with(self, spawn: Spawn) -> None:
        """Start its processes in another way; by default they end with this one."""
        self._spawn = spawn

    def adopt(self, process: ServerProcess, port: int) -> None:
        """Take over a server that another process has started."""
        self._process, self.port = process, port

    def wait_ready(self, on_wait: OnWait = _wait_silently) -> None:
        """Wait until the server accepts connections, for as long as it shows signs of life.

        Parameters
        ----------
        on_wait
            Told now and then which server is waited for, and for how many seconds already.

        Raises
        ------
        CommandError
            It ended, or showed no sign of life for a minute; the message says why, as far as its log tells.
        """
        patience = StartPatience(self.signs_of_life, time.monotonic)
        while (self._process is not None) and self._process.exit_code() is None:
            try:
                socket.create_connection((HOST, self.port), 1).close()
            except OSError:
                problem = patience.problem()
                if problem:
                    break
                on_wait(self.name, patience.waited)
                time.sleep(_LOOK_SECONDS)
            else:
                self._process.announce(self.port)
                return
        else:
            problem = "it has ended"
        self.stop()
        raise not_started(self.name, self.directory, self._log.words(), problem)

    @abstractmethod
    def ask(self, seconds: float = ANSWER_SECONDS, *, write: bool = True) -> None:
        """Ask the server whether it works.

        Parameters
        ----------
        seconds
            How long it may take to answer.
        write
            Whether it may be asked to write; a full disk breaks a database that writes.

        Raises
        ------
        NoAnswerError, WrongAnswerError
            It is not healthy.
        """

    def processor_seconds(self) -> float | None:
        """Processor time that it has used; None if it is not running, or the system does not tell."""
        return None if self._process is None else self._process.processor_seconds()

    def signs_of_life(self) -> tuple[object, ...]:
        """What changes whenever the server has done something."""
        return self._log.size(), self.processor_seconds()

    def start(self) -> None:
        """Start and wait until ready."""
        self.launch()
        self.wait_ready()

    def restart(self, on_wait: OnWait = _wait_silently) -> None:
        """Start again on the same port and wait until ready.

        Raises
        ------
        LocalError
            As for `launch` and `wait_ready`.
        """
        self.stop()
        self.launch(self.port)
        self.wait_ready(on_wait)

    def stop(self) -> None:
        """End the server; a stopped one stays stopped."""
        if self._process is not None:
            self._process.stop(self._hasten_end)
            self._process = None

    def _hasten_end(self) -> None:  # noqa: B027 - most need no help
        """What helps the server to end, called now and then while it does."""

    @abstractmethod
    def _command(self) -> list[str]:
        """The command that runs it; what it needs is prepared."""


class KafkaServer(Server):
    """Apache Kafka as one KRaft node; its log survives restarts, its port need not."""

    name = "kafka"

    @property
    def bootstrap(self) -> str:
        """Value for ``KAFKA_BOOTSTRAP``."""
        return f"{HOST}:{self.port}"

    def ask(self, seconds: float = ANSWER_SECONDS, *, write: bool = True) -> None:  # noqa: ARG002 - a broker whose disk fails ends by itself
        """See `Server.ask`: the versions of its interface; and whether it could read its consumers' offsets."""
        ask_broker(HOST, self.port, seconds)
        if unreadable := self._log.words().unreadable_offsets:
            raise WrongAnswerError(f"it cannot read its consumers' offsets in {', '.join(unreadable)}")

    def _command(self) -> list[str]:
        folder = self.directory.absolute()
        set_aside(folder, self._log.words().unreadable_offsets)
        properties = folder / "server.properties"
        controller_port = next(port for port in iter(free_port, None) if port != self.port)
        values = {"host": HOST, "port": self.port, "controller_port": controller_port, "data": DATA}
        properties.write_text(KAFKA_PROPERTIES.format(**values))
        java = [*java_command(), "-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        java += [*_KAFKA_LOGGING, "-cp", kafka_class_path()]
        if not (folder / DATA / "meta.properties").exists():
            self._format(java, properties)
        return [*java, "kafka.Kafka", str(properties)]

    def _format(self, java: list[str], properties: Path) -> None:
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        command = [*java, "kafka.tools.StorageTool", "format", f"--cluster-id={cluster_id}", "-c", str(properties)]
        result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.directory)
        if result.returncode:
            raise LocalError(f"cannot prepare Kafka's folder {self.directory}: {result.stderr.strip()[-500:]}")


class MongoServer(Server):
    """SecantusDB with its data on disk; what it has acknowledged survives kill -9.

    By default it honours ``j: true`` for single commands only: it acknowledges a transaction while its log record is
    still in the process's memory, for up to a third of a second. So Segue makes it sync its log at every commit; with
    a thousand records in a transaction the sink hardly notices.
    """

    name = "mongodb"

    @property
    def uri(self) -> str:
        """Value for ``MONGODB_URI``."""
        return f"mongodb://{HOST}:{self.port}/?replicaSet=secantus"

    def ask(self, seconds: float = ANSWER_SECONDS, *, write: bool = True) -> None:
        """See `Server.ask`: a document read or written in a database of the check's own."""
        ask_database(self.uri, seconds, write=write)

    def _hasten_end(self) -> None:
        """Connect: its listening thread waits for one more connection before it looks whether to end, for up to 2 s."""
        with contextlib.suppress(OSError):
            socket.create_connection((HOST, self.port), 1).close()

    def _command(self) -> list[str]:
        return [
            sys.executable, "-m", "secantus", "--host", HOST, "--port", str(self.port),
            "--storage-path", str(self.directory / "data"), "--cache-size", "256M", "--log-level", "WARNING",
            "--sync-on-commit",
        ]  # fmt: skip
