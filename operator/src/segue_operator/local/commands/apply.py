"""``segue apply``: bring resources to their end on this machine."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from pymongo.database import Database

from segue_jobs.runtime.logging import TextFormatter
from segue_jobs.runtime.mongodb import Collection, Document
from segue_operator.api.manifests import ManifestError
from segue_operator.api.objects import Key, Manifest
from segue_operator.local.apply import Change, Interrupted, Request, all_done, bring_to_end, change_of
from segue_operator.local.commandline import Command, Invocation, printable, write_error
from segue_operator.local.errors import CommandError, CommandExit, UsageError
from segue_operator.local.files import read_objects
from segue_operator.local.java import KAFKA_VERSION, cache_directory
from segue_operator.local.manifest_files import check_sources, parse_volumes, read_manifests
from segue_operator.local.progress import Display, Silence, display
from segue_operator.local.rejections import Rejection, read_rejections
from segue_operator.local.render import duration
from segue_operator.local.resources import at, is_true, short_name
from segue_operator.local.session import open_database, servers
from segue_operator.local.summary import Summary, failures
from segue_operator.local.supervision import Incident


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-f",
        "--filename",
        action="append",
        required=True,
        metavar="FILE|DIR",
        help="manifests; repeatable; - reads input",
    )
    parser.add_argument(
        "--volume",
        action="append",
        default=[],
        metavar="CLAIM=DIR",
        help="folder that stands for a volume claim; repeatable",
    )
    parser.add_argument(
        "--again",
        action="store_true",
        help="run finished resources anew; tracks that did not change are not extracted again",
    )
    parser.add_argument("--timeout", type=float, metavar="SECONDS", help="give up after this time (default: never)")
    parser.add_argument(
        "--json",
        action="store_true",
        help="print events, a line of JSON each (Applied, Server, Finished), no progress",
    )


def _existing(call: Invocation) -> dict[Key, Manifest]:
    return {Key.of(found): found for found in read_objects(call.state.root)}


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
        raise UsageError("\n  ".join(problems), "to replace the resource and run it anew, add --again")


def _event(call: Invocation, event: str, **fields: object) -> None:
    document = {"event": event, "time": datetime.now(UTC).isoformat(timespec="milliseconds"), **fields}
    text = json.dumps(document, ensure_ascii=False, default=str).encode("utf-8", "replace").decode()
    call.console.file.write(text + "\n")
    call.console.file.flush()


def _report(call: Invocation, key: Key, change: Change) -> None:
    if call.arguments.json:
        _event(call, "Applied", kind=key.kind, name=key.name, change=change)
    else:
        call.console.print(f"{short_name(key)} {change}", soft_wrap=True)


def _report_server(call: Invocation, incident: Incident) -> None:
    if call.arguments.json:
        _event(call, "Server", **asdict(incident))
    else:
        call.notes.print(printable(incident.message, keep_lines=True), soft_wrap=True)


def _finish(call: Invocation, request: Request, database: Database[Document], *, again_hint: bool) -> int:
    """Print the end of every resource; the exit code says whether all succeeded."""
    existing = _existing(call)
    resources = [existing[key] for key in request.keys if key in existing]
    if call.arguments.json:
        for resource in resources:
            _event(call, "Finished", resource=resource)
    else:
        Summary(call.console, _rejections(database, resources), _compared(database, resources)).show(resources)
    problems = list(failures(resources))
    for problem, resource in zip(
        problems, (found for found in resources if not is_true(found, "Succeeded")), strict=False
    ):
        hint = f"read its log: segue logs {short_name(Key.of(resource))}"
        write_error(problem, f"{hint}; run it anew with --again" if again_hint else hint)
    return CommandExit.FAILED if problems else CommandExit.OK


def _rejections(database: Database[Document], resources: Iterable[Manifest]) -> list[Rejection]:
    uids = [resource["metadata"]["uid"] for resource in resources]
    return read_rejections(database, batchUid={"$in": uids})


def _compared(database: Database[Document], resources: Iterable[Manifest]) -> dict[str, tuple[str, dict[str, float]]]:
    """For each run's model the catalogue's active one; for one that became active itself, the one before it."""
    found = {}
    for resource in resources:
        version = at(resource, "status", "model", "version")
        model = database[Collection.MODELS].find_one({"_id": version}, {"number": 1, "catalogue": 1})
        if model is None:
            continue
        pointer = database[Collection.CATALOGUES].find_one({"_id": model["catalogue"]}) or {}
        wanted: dict[str, object] = {"catalogue": model["catalogue"], "number": {"$lt": model["number"]}}
        if pointer.get("activeModel") not in (None, version):
            wanted = {"_id": pointer["activeModel"]}
        other = database[Collection.MODELS].find_one(wanted, {"metrics": 1}, sort=[("number", -1)])
        if other is not None:
            found[str(version)] = (str(other["_id"]), dict(other["metrics"]))
    return found


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


def _run_all(call: Invocation, request: Request) -> int:
    started = time.monotonic()
    first_time = not (cache_directory() / "jars" / f"kafka_2.13-{KAFKA_VERSION}").is_dir()
    what = "downloading Apache Kafka, once, and starting it" if first_time else "starting Kafka and the database"
    waiting = call.notes.status(what, spinner="dots") if call.notes.is_terminal else nullcontext()
    report = partial(_report_server, call)
    with waiting as status, servers(call.state, call.environ, call.title, report=report) as endpoints:
        if status is not None:
            status.stop()
        call.notes.print(f"Kafka and the database are ready ({duration(time.monotonic() - started)})")
        shown: Display = Silence() if call.arguments.json else display(call.notes)
        work = bring_to_end(
            request,
            call.state.root,
            endpoints,
            call.environ,
            display=shown,
            report=lambda key, change: _report(call, key, change),
        )
        with _logged_to(call.state.controller_log):
            asyncio.run(work)
        with open_database(call.state, call.environ, call.title) as database:
            return _finish(call, request, database, again_hint=True)


def _run(call: Invocation) -> int:
    wanted = call.arguments
    volumes = parse_volumes(wanted.volume)
    manifests = tuple(read_manifests(wanted.filename))
    request = Request(manifests, volumes, wanted.again, wanted.timeout)
    existing = {} if wanted.again else _existing(call)
    _check_changes(request, existing)
    if all_done(manifests, existing):
        for key in request.keys:
            _report(call, key, Change.UNCHANGED)
        if not call.arguments.json:
            call.console.print("nothing to do: all of it has finished already; --again runs it anew")
        with open_database(call.state, call.environ, call.title) as database:
            return _finish(call, request, database, again_hint=True)
    check_sources(manifests, volumes)
    try:
        return _run_all(call, request)
    except Interrupted:
        raise CommandError(
            "interrupted; every process was ended in order",
            f"to go on: the same command{' without --again' if wanted.again else ''}; what is stored is not done twice",
            CommandExit.INTERRUPTED,
        ) from None


COMMAND = Command(
    examples=[
        "segue apply -f examples/demo --volume demo-music=.segue/demo",
        "segue apply -f mine            # manifests that `segue init` wrote",
        "segue apply -f mine --again    # after adding music to the folder",
    ],
    add_arguments=_add_arguments,
    run=_run,
)
