"""Servers for as long as a command runs: started side by side, ended with it, whatever happens."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from pymongo.database import Database
from pymongo.errors import PyMongoError

from segue_jobs.contract import Env
from segue_jobs.runtime.mongodb import Document, connect, database
from segue_jobs.runtime.settings import MongoSettings
from segue_operator.local.endpoints import external_kafka, external_mongodb
from segue_operator.local.errors import CommandError
from segue_operator.local.java import find_java
from segue_operator.local.servers import KafkaServer, MongoServer, Server
from segue_operator.local.state import Runtime, State
from segue_operator.local.supervision import Report, kept_running


@dataclass(frozen=True)
class Endpoints:
    """Where the programs find Kafka and MongoDB."""

    kafka_bootstrap: str
    mongodb_uri: str = field(repr=False)

    def environment(self) -> dict[str, str]:
        """Variables for the programs."""
        return {Env.KAFKA_BOOTSTRAP: self.kafka_bootstrap, Env.MONGODB_URI: self.mongodb_uri}


LEFTOVER_SECONDS = 20.0


def _await_leftovers(state: State) -> None:
    """Wait for the servers of an owner that was killed: their guards are ending them, and they hold the data."""
    runtime = state.last_runtime()
    if runtime is None:
        return
    addresses = [runtime.kafka_bootstrap, urlsplit(runtime.mongodb_uri).netloc if runtime.mongodb_uri else None]
    deadline = time.monotonic() + LEFTOVER_SECONDS
    for host, _, port in (address.rpartition(":") for address in addresses if address):
        while time.monotonic() < deadline:
            try:
                socket.create_connection((host, int(port)), 1).close()
            except OSError:
                break
            time.sleep(0.1)
    state.runtime_file.unlink(missing_ok=True)


def _start(stack: ExitStack, servers: list[Server], on_wait: Callable[[], None]) -> None:
    for server in servers:
        stack.callback(server.stop)
        server.launch()
    for server in servers:
        server.wait_ready(on_wait)


@contextmanager
def servers(
    state: State,
    environ: Mapping[str, str],
    command: str,
    on_wait: Callable[[], None] = lambda: None,
    report: Report = lambda _incident: None,
) -> Iterator[Endpoints]:
    """Own the state and run the broker and the database that the environment does not name.

    Parameters
    ----------
    state, environ
        Where their data is, and which servers the user has.
    command
        How this process names itself to others.
    on_wait
        Called now and then while they start.
    report
        Told when one of them dies, is started again or cannot be; see `kept_running`.

    Raises
    ------
    LocalError
        The state is owned by another process, Java is missing, or a server does not start or answer.
    """
    with ExitStack() as stack:
        stack.enter_context(state.own(command))
        find_java()
        _await_leftovers(state)
        bootstrap, uri = external_kafka(environ), external_mongodb(environ)
        kafka = None if bootstrap else KafkaServer(state.kafka.resolve())
        mongodb = None if uri else MongoServer(state.mongodb.resolve())
        embedded: list[Server] = [server for server in (mongodb, kafka) if server]
        _start(stack, embedded, on_wait)
        stack.enter_context(kept_running(embedded, report))
        state.publish(
            Runtime(
                kafka_bootstrap=kafka.bootstrap if kafka else None,
                mongodb_uri=mongodb.uri if mongodb else None,
            )
        )
        yield Endpoints(
            kafka_bootstrap=kafka.bootstrap if kafka else bootstrap or "",
            mongodb_uri=mongodb.uri if mongodb else uri or "",
        )


@contextmanager
def database_uri(state: State, environ: Mapping[str, str], command: str) -> Iterator[str]:
    """URI of the database alone: the one of the environment, the owner's, or the embedded one for this command.

    Raises
    ------
    LocalError
        There is none yet, or it does not start or answer.
    """
    if uri := external_mongodb(environ):
        yield uri
        return
    if runtime := state.runtime():
        if runtime.mongodb_uri is None:
            raise CommandError(
                f"the process that owns {state.root} uses a database of its own environment",
                f"set {Env.MONGODB_URI} here as it is set there",
            )
        yield runtime.mongodb_uri
        return
    if not state.mongodb.is_dir():
        raise CommandError(
            f"there is no database in {state.root} yet",
            "ingest a catalogue first: segue apply -f examples/demo; or name another folder with --state DIR",
        )
    with ExitStack() as stack:
        stack.enter_context(state.own(command))
        _await_leftovers(state)
        server = stack.enter_context(MongoServer(state.mongodb.resolve()))
        state.publish(Runtime(mongodb_uri=server.uri))
        yield server.uri


@contextmanager
def open_database(state: State, environ: Mapping[str, str], command: str) -> Iterator[Database[Document]]:
    """Segue's database for one command; see `database_uri`."""
    with database_uri(state, environ, command) as uri:
        settings = MongoSettings(uri=uri, database=environ.get(Env.DATABASE) or "segue")
        try:
            with connect(settings) as client:
                yield database(client, settings)
        except PyMongoError as error:
            raise CommandError(
                f"the database at {settings.address} failed: {str(error).partition(', Timeout:')[0]}",
                f"the end of {state.mongodb / 'mongodb.log'} may say why" if state.mongodb.is_dir() else None,
            ) from error
