"""Applying manifests: checks before anything starts, servers while it runs, results at the end."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from segue.cluster.api_server.object_files import read_objects
from segue.commandline import Invocation, write_error
from segue.commands.audio_volumes import remember_audio
from segue.commands.bring_to_end import Interrupted, Request, bring_to_end
from segue.commands.changes import Change, all_done, change_of
from segue.commands.database_access import open_database
from segue.commands.kept_results import check_database, check_kept
from segue.commands.known_training import KnownTraining
from segue.commands.known_volumes import remember
from segue.commands.manifest_files import check_sources, parse_volumes, read_manifests
from segue.commands.requirements import check_installed
from segue.commands.way_out import way_out
from segue.errors import DISK_HINT, CommandError, CommandExit, UsageError
from segue.render.reporter import Reporter, StartLines, WaitForTurn
from segue.render.resources import at, short_name
from segue.render.results import Summary, failures
from segue.render.tables import duration
from segue.servers.disk import check_room
from segue.servers.java import KAFKA_VERSION, cache_directory
from segue.servers.session import Endpoints, servers
from segue_core.observability.logging import TextFormatter
from segue_core.store.catalogues import read_active_model
from segue_core.store.database import Database
from segue_core.store.model_versions import ModelSummary, list_models
from segue_core.store.rejections import Rejection, read_rejections
from segue_core.store.unreadable import UnreadableDocumentError
from segue_operator.controller.cluster import UnavailableError
from segue_operator.kinds.conditions import is_finished
from segue_operator.kinds.manifests import ManifestError
from segue_operator.kinds.objects import Key, Kind, Manifest


@dataclass(frozen=True)
class ApplyOptions:
    """What ``segue apply`` was asked for."""

    filenames: Sequence[str]
    volumes: Sequence[str]
    again: bool
    timeout: float | None
    as_json: bool
    known_training: KnownTraining | None = None
    """Train only once all batches have succeeded, and only if that would learn something."""


def apply_manifests(call: Invocation, options: ApplyOptions) -> int:
    """Apply the manifests and wait until every resource has succeeded or failed; returns the exit code.

    Raises
    ------
    UsageError
        A manifest, a volume or a source is wrong, or something is not installed.
    CommandError
        Time is up, a server failed, or the user interrupted it.
    """
    volumes = parse_volumes(options.volumes)
    request = Request(
        tuple(read_manifests(options.filenames)), volumes, options.again, options.timeout, tuple(options.filenames)
    )
    reporter = Reporter(call.console, call.notes, as_json=options.as_json)
    if _is_done(call, request):
        return _nothing_to_do(call, request, reporter)
    check_sources(request.manifests, volumes)
    check_installed(request.manifests, call.environ)
    check_room((call.state.root,))
    remember_audio(call.state, request.manifests, volumes)
    remember(call.state, volumes)
    try:
        with call.state.cluster_lock.held(call.title, WaitForTurn(reporter, call.state, options.timeout)):
            if _is_done(call, request):  # by the process that was waited for
                return _nothing_to_do(call, request, reporter)
            return _run_all(call, request, reporter, options.known_training)
    except Interrupted:
        without = " without --again" if options.again else ""
        raise CommandError(
            "interrupted; every process has ended in order",
            f"run the same command{without} to continue; stored tracks are not extracted again",
            CommandExit.INTERRUPTED,
        ) from None


def _is_done(call: Invocation, request: Request) -> bool:
    """Whether there is nothing to run; refuses changes that cannot be made."""
    existing = {} if request.again else _existing(call)
    _check_changes(request, existing)
    return all_done(request.manifests, existing, datetime.now(UTC))


def _nothing_to_do(call: Invocation, request: Request, reporter: Reporter) -> int:
    finished = _finished(call, request)
    check_database(call, finished)
    with open_database(call) as database:
        check_kept(database, finished)
        remember_audio(call.state, request.manifests, request.volumes)
        for key in request.keys:
            reporter.applied(key, Change.UNCHANGED)
        if not reporter.as_json:
            call.console.print("nothing to do: everything has finished already; --again runs it again")
        return _finish(call, request, database, reporter)


def _existing(call: Invocation) -> dict[Key, Manifest]:
    return {Key.of(found): found for found in read_objects(call.state.root)}


def _finished(call: Invocation, request: Request) -> list[Manifest]:
    """The manifests' resources that an earlier command has brought to their end."""
    existing = _existing(call)
    return [existing[key] for key in request.keys if key in existing and is_finished(existing[key])]


def _check_changes(request: Request, existing: dict[Key, Manifest]) -> None:
    """Refuse what an API server would refuse, before any server is started."""
    problems: list[str] = []
    for manifest in request.manifests:
        key = Key.of(manifest)
        try:
            change_of(existing.get(key), manifest)
        except ManifestError as error:
            problems.extend(f"{short_name(key)}: {problem}" for problem in error.problems)
    if problems:
        raise UsageError("\n  ".join(problems), "to replace the resource and run it again, add --again")


def _finish(call: Invocation, request: Request, database: Database, reporter: Reporter) -> int:
    """Print how every resource ended; the exit code says whether all succeeded."""
    existing = _existing(call)
    resources = [existing[key] for key in request.keys if key in existing]
    if reporter.as_json:
        reporter.finished(resources)
    else:
        Summary(call.console, _rejections(database, resources), _compared(call, database, resources)).show(resources)
    failed = list(failures(resources))
    for resource, sentence in failed:
        write_error(sentence, way_out(resource, request.files, again=request.again))
    return CommandExit.FAILED if failed else CommandExit.OK


def _rejections(database: Database, resources: Iterable[Manifest]) -> list[Rejection]:
    uids = [resource["metadata"]["uid"] for resource in resources]
    found = read_rejections(database, batch_uids=uids)
    return sorted(found, key=lambda item: (item.reason, item.path, item.track_id))


def _compared(
    call: Invocation, database: Database, resources: Iterable[Manifest]
) -> dict[str, tuple[str, dict[str, float]]]:
    """For each run's model, the one to compare it with: the active one, or the previous one if it is active itself."""
    versions = {str(at(resource, "status", "model", "version")) for resource in resources}
    models = list_models(database).models
    found = {}
    for model in models:
        if model.key not in versions:
            continue
        siblings = [other for other in models if other.catalogue == model.catalogue]
        try:
            active = read_active_model(database, model.catalogue)
        except UnreadableDocumentError as error:
            call.notes.print(str(error), soft_wrap=True)
            continue
        if other := _counterpart(model, siblings, active):
            found[model.key] = (other.key, other.metrics)
    return found


def _counterpart(model: ModelSummary, siblings: Iterable[ModelSummary], active: str | None) -> ModelSummary | None:
    if active not in (None, model.key):
        return next((other for other in siblings if other.key == active), None)
    earlier = (other for other in siblings if other.number < model.number)
    return max(earlier, key=lambda other: other.number, default=None)


@contextmanager
def _logged_to(path: Path) -> Iterator[None]:
    """Keep the controller's log in a file, out of the progress display."""
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(TextFormatter())
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
        handler.close()


def _run_all(call: Invocation, request: Request, reporter: Reporter, known: KnownTraining | None) -> int:
    started = time.monotonic()
    first_time = not (cache_directory() / "jars" / f"kafka_2.13-{KAFKA_VERSION}").is_dir()
    what = "downloading Apache Kafka, once, and starting it" if first_time else "starting Kafka and the database"
    waiting = call.notes.status(what, spinner="dots") if call.notes.is_terminal else nullcontext()
    with (
        waiting as status,
        servers(call.state, call.environ, StartLines(reporter, status), reporter.incident) as endpoints,
    ):
        if status is not None:
            status.stop()
        if not request.again and (finished := _finished(call, request)):
            with open_database(call) as database:
                check_kept(database, finished)
        call.notes.print(f"Kafka and the database are ready ({duration(time.monotonic() - started)})")
        if known is None:
            _run(call, request, reporter, endpoints)
            with open_database(call) as database:
                return _finish(call, request, database, reporter)
        return _run_in_turn(call, request, reporter, endpoints, known)


def _run(call: Invocation, request: Request, reporter: Reporter, endpoints: Endpoints) -> None:
    work = bring_to_end(
        request, call.state.root, endpoints, call.environ, display=reporter.progress(), report=reporter.applied
    )
    with _logged_to(call.state.controller_log):
        try:
            asyncio.run(work)
        except UnavailableError as error:  # of this cluster: the state cannot be written
            raise CommandError(str(error), DISK_HINT) from error


def _run_in_turn(
    call: Invocation, request: Request, reporter: Reporter, endpoints: Endpoints, known: KnownTraining
) -> int:
    """Ingest, and then train if that would learn something."""
    batches, runs = (
        replace(request, manifests=tuple(manifest for manifest in request.manifests if manifest["kind"] == kind))
        for kind in (Kind.TRACK_BATCH, Kind.TRAINING_RUN)
    )
    _run(call, batches, reporter, endpoints)
    with open_database(call) as database:
        code = _finish(call, batches, database, reporter)
        if code or not runs.manifests:
            return code
        content = known.content(database)
        if model := known.model_of(content, runs.manifests, _existing(call), database):
            call.console.print(f"\nnot trained again: model {model} knows all of this", soft_wrap=True)
            return code
    _run(call, runs, reporter, endpoints)
    with open_database(call) as database:
        code = _finish(call, runs, database, reporter)
    if not code:
        existing = _existing(call)
        known.remember(content, [existing[key] for key in runs.keys])
    return code
