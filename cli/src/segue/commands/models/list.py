"""``segue models list``: the versions of all catalogues, or of one."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from segue.commandline import AsJson, Call, write_json
from segue.errors import CommandExit


def run(
    *,
    catalogue: Annotated[str | None, Parameter(metavar="NAME", help="only the versions of this catalogue")] = None,
    as_json: AsJson = False,
    call: Call,
) -> int:
    """Print a line for every version."""
    from segue.commands.model_list import list_entries
    from segue.render.model_versions import print_versions

    entries = list_entries(call, catalogue)
    if as_json:
        write_json(call.console, [entry.to_document() for entry in entries])
    elif entries:
        print_versions(call.console, entries)
    else:
        call.notes.print("no model has been trained yet")
    return CommandExit.OK
