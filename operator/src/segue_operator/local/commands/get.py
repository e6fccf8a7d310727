"""``segue get``: resources, their children and models, as a table or as data."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

import yaml

from segue_jobs.runtime.mongodb import Collection
from segue_operator.api.objects import Key, Manifest
from segue_operator.local.commandline import Command, Invocation, write_json
from segue_operator.local.errors import CommandExit, UsageError, did_you_mean
from segue_operator.local.render import rows, table
from segue_operator.local.resources import Value, View, age, find, view_of
from segue_operator.local.session import open_database

MODELS = ("models", "model")
OUTPUTS = ("table", "wide", "json", "yaml")
_LARGE_FIELDS = ("centres", "scaler", "layout", "snapshot", "reference")
"""Parts of a model document that only programs read."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", nargs="?", metavar="KIND", help="trackbatches, trainingruns, pods, jobs, ..., models")
    parser.add_argument("name", nargs="?", metavar="NAME", help="one object only")
    parser.add_argument("-o", "--output", choices=OUTPUTS, default="table", help="how to print (default: table)")
    parser.add_argument("--json", action="store_const", dest="output", const="json", help="the same as -o json")


def _write_data(call: Invocation, documents: list[Any]) -> None:
    one = len(documents) == 1 and call.arguments.name is not None
    document = documents[0] if one else {"apiVersion": "v1", "kind": "List", "items": documents}
    if call.arguments.output == "json":
        write_json(call.console, document)
    else:
        call.console.file.write(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))


def _print_table(call: Invocation, found: list[Manifest], columns: Mapping[str, Value]) -> None:
    lines = (
        [Key.of(manifest).name, *(value(manifest) for value in columns.values()), age(manifest)] for manifest in found
    )
    call.console.print(rows(table("NAME", *columns, "AGE"), lines))


def _get_objects(call: Invocation, *views: View) -> None:
    found = [(view, find(call.state, view.kind, call.arguments.name)) for view in views]
    if call.arguments.output in ("json", "yaml"):
        _write_data(call, [manifest for _, manifests in found for manifest in manifests])
        return
    for view, manifests in found:
        if manifests:
            wide = view.wide if call.arguments.output == "wide" else {}
            _print_table(call, manifests, {**view.columns, **wide})
        else:
            call.notes.print(f"no {view.names[0]} in {call.state.root}")


def _get_models(call: Invocation) -> None:
    name = call.arguments.name
    with open_database(call.state, call.environ, call.title) as database:
        hidden = {} if call.arguments.output in ("json", "yaml") else dict.fromkeys(_LARGE_FIELDS, 0)
        found = list(database[Collection.MODELS].find({"_id": name} if name else {}, hidden or None).sort("_id"))
        active = {entry.get("activeModel") for entry in database[Collection.CATALOGUES].find()}
        known = [] if found or not name else database[Collection.MODELS].distinct("_id")
    if name and not found:
        raise UsageError(f"there is no model {name!r}", did_you_mean(name, known))
    if call.arguments.output in ("json", "yaml"):
        _write_data(call, found)
        return
    if not found:
        call.notes.print("no model was trained yet")
        return
    lines = (
        [
            model["_id"],
            "yes" if model["_id"] in active else "",
            model["k"],
            model["tracks"],
            model["run"],
            model["created"],
        ]
        for model in found
    )
    call.console.print(rows(table("NAME", "ACTIVE", "K", "TRACKS", "RUN", "CREATED"), lines))


def _run(call: Invocation) -> int:
    if call.arguments.kind is None:
        _get_objects(call, view_of("trackbatches"), view_of("trainingruns"))
    elif call.arguments.kind.lower() in MODELS:
        _get_models(call)
    else:
        kind, _, name = call.arguments.kind.partition("/")
        if name:
            call.arguments.name = name
        _get_objects(call, view_of(kind))
    return CommandExit.OK


COMMAND = Command(
    examples=["segue get", "segue get trackbatches -o wide", "segue get trackbatch demo -o yaml", "segue get models"],
    add_arguments=_add_arguments,
    run=_run,
)
