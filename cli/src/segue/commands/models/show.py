"""``segue models show``: one version."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from segue.commandline import AsJson, Call, Catalogue, write_json
from segue.errors import CommandExit


def run(
    version: Annotated[
        str | None,
        Parameter(metavar="VERSION", help="its number, or its name, for example demo:1 (default: the active one)"),
    ] = None,
    /,
    *,
    catalogue: Catalogue,
    as_json: AsJson = False,
    call: Call,
) -> int:
    """Print what is known of a version."""
    from segue.commands.catalogue_view import open_model
    from segue.render.model_versions import print_version, version_document

    model, pointer = open_model(call, catalogue, version)
    if as_json:
        write_json(call.console, version_document(model, pointer))
    else:
        print_version(call.console, model, pointer)
    return CommandExit.OK
