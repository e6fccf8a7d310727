"""``segue models diff``: what two versions recommend for the same tracks."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from segue.commandline import AsJson, Call, Catalogue, write_json
from segue.errors import CommandExit

_FIRST = Parameter(name="A", help="first version: its number, or its name, for example demo:1")
_SECOND = Parameter(name="B", help="second version")


def run(
    first: Annotated[str, _FIRST],
    second: Annotated[str, _SECOND],
    /,
    *,
    catalogue: Catalogue,
    as_json: AsJson = False,
    call: Call,
) -> int:
    """Compare two versions."""
    from segue.commands.catalogue_view import open_sides
    from segue.render.model_comparison import diff_document, print_diff
    from segue_core.recommend.model_diff import diff_models

    before, after = open_sides(call, catalogue, (first, second))
    diff = diff_models(before, after)
    if as_json:
        write_json(call.console, diff_document(diff))
    else:
        print_diff(call.console, diff)
    return CommandExit.OK
