"""``segue get``: resources, their children and models, as a table or as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import yaml
from cyclopts import Parameter

from segue.commandline import AsJson, Call, Invocation, is_unicode, write_json
from segue.errors import CommandExit
from segue.render.resources import MODELS, Columns, Value, age, columns_of, find
from segue.render.tables import rows, table
from segue_operator.kinds.objects import Key, Manifest

Output = Literal["table", "wide", "json", "yaml"]


def run(
    kind: Annotated[str | None, Parameter(help="trackbatches, trainingruns, pods, jobs, ..., models")] = None,
    name: Annotated[str | None, Parameter(help="one object only")] = None,
    /,
    *,
    output: Annotated[Output, Parameter(alias="-o", metavar="FORMAT", help="how to print")] = "table",
    as_json: AsJson = False,
    call: Call,
) -> int:
    """Print what is there of a kind; without one, all TrackBatches and TrainingRuns."""
    wanted: Output = "json" if as_json else output
    if kind is None:
        _get_objects(call, [columns_of("trackbatches"), columns_of("trainingruns")], None, wanted)
        return CommandExit.OK
    kind, _, named = kind.partition("/")
    if kind.lower() in MODELS:
        _get_models(call, named or name, wanted)
    else:
        _get_objects(call, [columns_of(kind)], named or name, wanted)
    return CommandExit.OK


def _get_models(call: Invocation, name: str | None, output: Output) -> None:
    from segue.commands.model_list import print_models, read_models

    if output in ("json", "yaml"):
        _write_data(call, read_models(call, name), output, one=name is not None)
    else:
        print_models(call, name)


def _get_objects(call: Invocation, wanted: Sequence[Columns], name: str | None, output: Output) -> None:
    found = [(columns, find(call.state, columns.kind, name)) for columns in wanted]
    if output in ("json", "yaml"):
        _write_data(call, [manifest for _, manifests in found for manifest in manifests], output, one=name is not None)
        return
    for columns, manifests in found:
        if manifests:
            _print_table(call, manifests, {**columns.narrow, **(columns.wide if output == "wide" else {})})
        else:
            call.notes.print(f"no {columns.names[0]} in {call.state.root.absolute()}")


def _write_data(call: Invocation, documents: list[Any], output: Output, *, one: bool) -> None:
    document = documents[0] if one else {"apiVersion": "v1", "kind": "List", "items": documents}
    if output == "json":
        write_json(call.console, document)
    else:
        call.console.file.write(yaml.safe_dump(document, sort_keys=False, allow_unicode=is_unicode(call.console)))


def _print_table(call: Invocation, found: list[Manifest], columns: Mapping[str, Value]) -> None:
    lines = (
        [Key.of(manifest).name, *(value(manifest) for value in columns.values()), age(manifest)] for manifest in found
    )
    call.console.print(rows(table("NAME", *columns, "AGE"), lines))
