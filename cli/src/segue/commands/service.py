"""The service on this machine: what it runs, what it says, and how it ends."""

from __future__ import annotations

import json
import shlex
import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from segue.commandline import Invocation
from segue.commands.audio_volumes import audio_file, remember_stored_audio
from segue.commands.database_access import open_database
from segue.commands.service_key import ServiceKey, service_key
from segue.errors import CommandError, CommandExit
from segue.extras import check_embedded_database, check_programs
from segue.locks import Holder
from segue.render.reporter import Reporter, StartLines
from segue.render.tables import duration
from segue.servers.disk import DiskIncident
from segue.servers.program_server import ProgramServer
from segue.servers.session import Endpoints, servers
from segue.servers.supervision import Incident, kept_running
from segue_core.contract import Env, SinkArguments, SinkFeed
from segue_core.errors import ProgramError
from segue_core.store.assignments import read_assignments
from segue_core.store.catalogues import read_pointers
from segue_core.store.database import Database
from segue_core.store.presence import hidden_ids
from segue_core.store.schema import prepare

API_MODULE = "segue_api"
_NEEDED = ("segue_api", "segue_jobs", "kafka", "numpy", "starlette", "uvicorn")
_LOAD_SECONDS = 60.0
_LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class ServiceOptions:
    """What ``segue serve`` was asked for."""

    catalogues: Sequence[str]
    host: str
    port: int

    @property
    def address(self) -> str:
        """URL of the service, as this machine reaches it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - asked for by the user
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


def serve(call: Invocation, options: ServiceOptions) -> int:
    """Run the service until Ctrl-C or SIGTERM; returns the exit code.

    Raises
    ------
    UsageError
        Something is not installed.
    CommandError
        The state is served already, the port is in use, or something does not start.
    """
    check_programs(call.title, _NEEDED)
    if not call.environ.get(Env.MONGODB_URI):
        check_embedded_database()
    with ExitStack() as stack:
        stack.enter_context(call.state.service_lock.held(call.title, _refuse))
        _check_port(options)
        remember_stored_audio(call.state)
        reporter = Reporter(call.console, call.notes, as_json=False)
        began = time.monotonic()
        call.notes.print("starting Kafka, the database and the service")
        wait = StartLines(reporter, None)
        endpoints = stack.enter_context(servers(call.state, call.environ, wait, reporter.incident))
        with open_database(call) as database:
            _prepare(database)
            key = service_key(call.state, database)
            found = served_catalogues(database, options.catalogues)
        programs = programs_of(call, options, endpoints)
        stack.enter_context(_running(programs, wait, reporter))
        call.notes.print(f"ready ({duration(time.monotonic() - began)}); Ctrl-C ends it")
        _say(call, options, key, found)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            call.notes.print("ending the service")
        return CommandExit.OK


def programs_of(call: Invocation, options: ServiceOptions, endpoints: Endpoints) -> list[ProgramServer]:
    """The sink and the service, as processes of this machine."""
    folder, sink = call.state.service, SinkArguments(only=SinkFeed.EVENTS)
    environment = {
        **call.environ,
        **endpoints.environment(),
        Env.TOPIC_CREATE: "true",
        Env.LOG_FORMAT: "text",
        Env.API_HOST: options.host,
        Env.API_PORT: str(options.port),
        Env.API_CATALOGUES: ",".join(options.catalogues),
        Env.API_AUDIO_FILE: str(audio_file(call.state).absolute()),
        Env.API_CACHE: str(call.state.cache.resolve()),
    }
    return [
        ProgramServer("sink", folder, [sys.executable, "-m", sink.MODULE, *sink.to_argv()], environment),
        ProgramServer("api", folder, [sys.executable, "-m", API_MODULE], environment),
    ]


def _refuse(holder: Holder, _seconds: float) -> None:
    raise CommandError(
        f"{holder} serves this state directory already", "use that service, or stop it with `segue down`"
    )


def _prepare(database: Database) -> None:
    try:
        prepare(database)
    except ProgramError as error:
        raise CommandError(str(error)) from error


def _check_port(options: ServiceOptions) -> None:
    try:
        family, kind, *_, address = socket.getaddrinfo(options.host, options.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise CommandError(
            f"cannot listen on {options.host}, port {options.port}: {error.strerror}", "choose another with --port PORT"
        ) from error


def served_catalogues(database: Database, wanted: Sequence[str]) -> dict[str, str]:
    """The catalogues that are served, and a track of each to try; 'ID' where there is no model yet."""
    models = {one.catalogue: one.active_model for one in read_pointers(database, lambda _name, _problem: None)}
    return {name: _track_of(database, name, models.get(name)) for name in wanted or sorted(models)}


def _track_of(database: Database, catalogue: str, model: str | None) -> str:
    if model is None:
        return "ID"
    hidden = hidden_ids(database, catalogue)
    track_ids = (one.track_id for one in read_assignments(database, model) if one.cluster is not None)
    return next((track_id for track_id in track_ids if track_id not in hidden), "ID")


@contextmanager
def _running(programs: Sequence[ProgramServer], wait: StartLines, reporter: Reporter) -> Iterator[None]:
    """Start the programs, restart what fails, and end them in order."""

    def report(incident: Incident | DiskIncident) -> None:
        if isinstance(incident, Incident):  # the disk is reported with the servers
            reporter.incident(incident)

    with ExitStack() as stack:
        for program in programs:
            stack.callback(program.stop)
            program.launch()
        for program in programs:
            program.wait_ready(wait)
        stack.enter_context(kept_running(programs, report))
        _await_work(programs, reporter)
        yield


def _await_work(programs: Sequence[ProgramServer], reporter: Reporter) -> None:
    """Wait a while for readiness; who is not ready by then is named, and goes on starting."""
    deadline = time.monotonic() + _LOAD_SECONDS
    waiting = list(programs)
    while waiting := [program for program in waiting if not program.is_ready()]:
        if time.monotonic() > deadline:
            for program in waiting:
                reporter.notes.print(f"{program.name} is not ready yet; its log: {program.log}", soft_wrap=True)
            return
        time.sleep(_LOOK_SECONDS)


def _say(call: Invocation, options: ServiceOptions, key: ServiceKey, found: Mapping[str, str]) -> None:
    """Print the address, where the key is, and what to try."""
    output = call.console
    output.print(f"{options.address} serves {', '.join(found) or 'no catalogue yet'}", soft_wrap=True)
    output.print(f"key: in {key.path}", soft_wrap=True)
    if output.is_terminal:  # neither the key nor the link, which signs in, belongs in a log
        if key.token is not None:
            output.print(f"     new, and shown this once: {key.token}", soft_wrap=True)
        output.print(f"open: {page_link(options.address, key)}", soft_wrap=True)
    else:
        output.print(f"page: {options.address}/", soft_wrap=True)
    output.print("\ntry:" if found else "\nwhen a catalogue has a model, try:")
    catalogue, track_id = next(iter(found.items()), ("CATALOGUE", "ID"))
    for line in examples(options.address, key.path, catalogue, track_id):
        output.print(f"  {line}", soft_wrap=True)


def page_link(address: str, key: ServiceKey) -> str:
    """Address of the page with the key: the part after '#' is sent to no server, and the page removes it."""
    return f"{address}/sign-in#key={key.read()}"


def examples(address: str, key: Path, catalogue: str, track_id: str) -> list[str]:
    """Commands that search, ask for similar tracks, like one, and ask for recommendations."""
    like = json.dumps({"events": [{"type": "like", "user": "me", "trackId": track_id}]})
    authorised = 'curl -H "Authorization: Bearer $KEY"'
    track = quote(track_id, safe="")
    paths = (
        f"tracks?catalogue={catalogue}&limit=5",
        f"tracks/{track}/similar?catalogue={catalogue}&limit=5",
        f"events?catalogue={catalogue}",
        f"users/me/recommendations?catalogue={catalogue}&limit=5",
    )
    search, similar, events, recommendations = (f"{authorised} '{address}/v1/{path}'" for path in paths)
    return [
        f"KEY=$(cat {shlex.quote(str(key))})",
        search,
        similar,
        f"{events} --json {shlex.quote(like)}",
        recommendations,
    ]
