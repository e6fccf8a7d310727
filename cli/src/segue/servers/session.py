"""Servers for as long as a command runs: started side by side, or found running, and ended with their last user."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segue.errors import CommandError
from segue.servers.disk import check_room
from segue.servers.embedded import KafkaServer, MongoServer
from segue.servers.endpoints import external_kafka, external_mongodb
from segue.servers.java import find_java
from segue.servers.shared_process import SharedFiles
from segue.servers.sharing import SharedServer
from segue.servers.startup import OnWait
from segue.servers.supervision import Report, kept_running
from segue.state import State
from segue_core.contract import Env
from segue_core.settings import MongoSettings

if TYPE_CHECKING:
    from segue_core.store.database import Database


@dataclass(frozen=True)
class Endpoints:
    """Where the programs find Kafka and MongoDB."""

    kafka_bootstrap: str
    mongodb_uri: str = field(repr=False)

    def environment(self) -> dict[str, str]:
        """Variables for the programs."""
        return {Env.KAFKA_BOOTSTRAP: self.kafka_bootstrap, Env.MONGODB_URI: self.mongodb_uri}


def _join(
    stack: ExitStack, servers: list[SharedServer], on_wait: OnWait, meanwhile: Callable[[], None] = lambda: None
) -> None:
    for server in servers:
        stack.callback(server.leave)
        server.begin()
    meanwhile()
    for server in servers:
        server.await_ready(on_wait)


def _tell_nobody(_server: str, _seconds: float) -> None:
    """Wait in silence."""


@contextmanager
def servers(
    state: State,
    environ: Mapping[str, str],
    on_wait: OnWait = _tell_nobody,
    report: Report = lambda _incident: None,
) -> Iterator[Endpoints]:
    """Use the broker and the database of the state together with other commands, and keep them running.

    Those that the environment names are used instead. The embedded ones are started if they do not run, and end with
    their last user.

    Parameters
    ----------
    state, environ
        Where their data is, and which servers the user has.
    on_wait
        Told now and then which of them is waited for, and for how long already.
    report
        Told when one of them dies, is restarted or cannot be, and when a disk fills up; see `kept_running`.

    Raises
    ------
    LocalError
        The disk is full, Java is missing, or a server does not start or answer.
    """
    with ExitStack() as stack:
        check_room((state.root, state.kafka, state.mongodb))
        find_java()
        bootstrap, uri = external_kafka(environ), external_mongodb(environ)
        kafka = None if bootstrap else KafkaServer(state.kafka.resolve())
        mongodb = None if uri else MongoServer(state.mongodb.resolve())
        shared = [SharedServer(server) for server in (mongodb, kafka) if server]
        _join(stack, shared, on_wait)
        stack.enter_context(kept_running(shared, report, folders=[state.root]))
        yield Endpoints(
            kafka_bootstrap=kafka.bootstrap if kafka else bootstrap or "",
            mongodb_uri=mongodb.uri if mongodb else uri or "",
        )


def is_database_running(state: State) -> bool:
    """Whether another command uses the embedded database already, and it is ready."""
    return SharedFiles(state.mongodb.resolve()).endpoint() is not None


def has_database(state: State, environ: Mapping[str, str]) -> bool:
    """Whether the environment names a database, or there is an embedded one."""
    return bool(environ.get(Env.MONGODB_URI)) or state.mongodb.is_dir()


@contextmanager
def database_uri(
    state: State, environ: Mapping[str, str], meanwhile: Callable[[], None] = lambda: None
) -> Iterator[str]:
    """URI of the database alone: the one of the environment, or the embedded one, started if it does not run.

    Parameters
    ----------
    meanwhile
        Done while the embedded database starts.

    Raises
    ------
    LocalError
        There is none yet, or it does not start or answer.
    """
    if uri := external_mongodb(environ):
        yield uri
        return
    if not state.mongodb.is_dir():
        raise _no_database(state)
    with ExitStack() as stack:
        server = MongoServer(state.mongodb.resolve())
        shared = SharedServer(server)
        _join(stack, [shared], _tell_nobody, meanwhile)
        shared.let_others_keep()  # a question is over soon
        yield server.uri


def _no_database(state: State) -> CommandError:
    folder = state.root.absolute()
    if holder := state.cluster_lock.holder() or state.service_lock.holder():
        return CommandError(
            f"there is no database in {folder}, where {holder} works",
            f"if that has {Env.MONGODB_URI} set, set it here, too; if it has just started, try again in a moment",
        )
    return CommandError(
        f"there is no database in {folder}",
        "ingest music first: segue sync FOLDER; if you did so elsewhere, name that folder with --state DIR",
    )


@contextmanager
def open_database(
    state: State, environ: Mapping[str, str], meanwhile: Callable[[], None] = lambda: None
) -> Iterator[Database]:
    """Segue's database for one command; see `database_uri`."""
    with database_uri(state, environ, meanwhile) as uri:
        from pymongo.errors import PyMongoError  # its import takes as long as all before it; the database starts first

        from segue_core.store.database import connect, database
        from segue_core.store.database_errors import explain

        settings = MongoSettings(uri=uri, database=environ.get(Env.DATABASE) or "segue")
        try:
            with connect(settings) as client:
                yield database(client, settings)
        except PyMongoError as error:
            raise CommandError(
                f"the database at {settings.address} failed: {explain(error)}",
                f"the end of {state.mongodb / 'mongodb.log'} may say why" if state.mongodb.is_dir() else None,
            ) from error
