"""The embedded servers: Apache Kafka (KRaft, one node) and SecantusDB, which speaks MongoDB's protocol."""

from __future__ import annotations

import base64
import contextlib
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from segue_operator.local.java import LocalError, find_java, kafka_class_path
from segue_operator.local.process import GuardedProcess

_HOST = "127.0.0.1"
_KAFKA_PROPERTIES = """\
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
controller.listener.names=CONTROLLER
controller.quorum.voters=1@{host}:{controller_port}
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
log.retention.hours=168
"""
_KAFKA_LOGGING = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS",
)
_LOG_LINES = 6
_STACK_FRAME = "\tat "


def free_port() -> int:
    """A TCP port of the loopback interface that is free now."""
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """One embedded server: started on a free port, stopped with its process group."""

    name = "server"
    ready_seconds = 60.0

    def __init__(self, directory: Path, *, port: int | None = None) -> None:
        self.directory = directory
        self.log = directory / f"{self.name}.log"
        self._fixed_port = port
        self.port = 0
        self._process: GuardedProcess | None = None
        self._log_start = 0

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
                probe.bind((_HOST, self.port))
            except OSError as error:
                raise LocalError(
                    f"{self.name} cannot use port {self.port}: {error.strerror}; stop what uses it"
                ) from error
        command = self._command()
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
        self._process = GuardedProcess(command, log=self.log, directory=self.directory)

    def wait_ready(self, on_wait: Callable[[], None] = lambda: None) -> None:
        """Wait until the server accepts connections.

        Raises
        ------
        LocalError
            It ended or did not answer in time; the end of its log is in the message.
        """
        deadline = time.monotonic() + self.ready_seconds
        while time.monotonic() < deadline:
            if self._process is None or self._process.exit_code() is not None:
                break
            try:
                socket.create_connection((_HOST, self.port), 1).close()
            except OSError:
                on_wait()
                time.sleep(0.05)
            else:
                return
        self.stop()
        raise LocalError(f"{self.name} did not start; the end of {self.log}:\n{self._last_logged()}")

    def start(self) -> None:
        """Start and wait until ready."""
        self.launch()
        self.wait_ready()

    def restart(self, on_wait: Callable[[], None] = lambda: None) -> None:
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

    def _last_logged(self) -> str:
        """The last lines since the start that say something."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            lines = log.read().decode(errors="replace").splitlines()
        return "\n".join([line for line in lines if line.strip() and not line.startswith(_STACK_FRAME)][-_LOG_LINES:])

    def _hasten_end(self) -> None:
        """What helps the server to end, called now and then while it does."""

    def _command(self) -> list[str]:
        raise LocalError(f"{self.name} has no command")


class KafkaServer(Server):
    """Apache Kafka as one KRaft node; its log survives restarts, its port need not."""

    name = "kafka"

    @property
    def bootstrap(self) -> str:
        """Value for ``KAFKA_BOOTSTRAP``."""
        return f"{_HOST}:{self.port}"

    def _command(self) -> list[str]:
        data, properties = self.directory / "data", self.directory / "server.properties"
        controller_port = next(port for port in iter(free_port, None) if port != self.port)
        properties.write_text(
            _KAFKA_PROPERTIES.format(host=_HOST, port=self.port, controller_port=controller_port, data=data)
        )
        java = [str(find_java()), "-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        java += [*_KAFKA_LOGGING, "-cp", kafka_class_path()]
        if not (data / "meta.properties").exists():
            self._format(java, properties)
        return [*java, "kafka.Kafka", str(properties)]

    def _format(self, java: list[str], properties: Path) -> None:
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        command = [*java, "kafka.tools.StorageTool", "format", f"--cluster-id={cluster_id}", "-c", str(properties)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode:
            raise LocalError(f"cannot prepare Kafka's folder {self.directory}: {result.stderr.strip()[-500:]}")


class MongoServer(Server):
    """SecantusDB with its data on disk; what it has acknowledged survives kill -9.

    Of itself it heeds ``j: true`` for single commands only: a transaction is acknowledged while its log record is still
    in the process's memory, for up to a third of a second. So every commit is made to sync its log; with a thousand
    records in a transaction the sink hardly notices.
    """

    name = "mongodb"

    @property
    def uri(self) -> str:
        """Value for ``MONGODB_URI``."""
        return f"mongodb://{_HOST}:{self.port}/?replicaSet=secantus"

    def _hasten_end(self) -> None:
        """Connect: its listening thread waits for one more connection before it looks whether to end, for up to 2 s."""
        with contextlib.suppress(OSError):
            socket.create_connection((_HOST, self.port), 1).close()

    def _command(self) -> list[str]:
        return [
            sys.executable, "-m", "secantus", "--host", _HOST, "--port", str(self.port),
            "--storage-path", str(self.directory / "data"), "--cache-size", "256M", "--log-level", "WARNING",
            "--sync-on-commit",
        ]  # fmt: skip
