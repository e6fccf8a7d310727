"""``segue models pin``: keep training runs from replacing a version."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from segue.commandline import AsJson, Call, Catalogue, Reason, write_json
from segue.errors import CommandExit


def run(
    version: Annotated[
        str | None,
        Parameter(metavar="VERSION", help="its number, or its name, for example demo:1 (default: the active one)"),
    ] = None,
    /,
    *,
    catalogue: Catalogue,
    reason: Reason = None,
    as_json: AsJson = False,
    call: Call,
) -> int:
    """Pin a version; it is the active one afterwards."""
    from segue.commands.pointer_change import change_version
    from segue.render.model_versions import pointer_document
    from segue_core.store.models import version_key
    from segue_core.store.pointer import Pin

    wanted = Pin(model=None if version is None else version_key(catalogue, version))
    changed = change_version(call, catalogue, wanted, reason or "pinned by hand")
    if as_json:
        write_json(call.console, pointer_document(changed.after))
    else:
        switched = changed.before is None or changed.before.active_model != changed.after.active_model
        state = "the active model now, and pinned" if switched else "pinned"
        call.console.print(f"{changed.after.active_model} is {state}: training runs do not replace it", soft_wrap=True)
    return CommandExit.OK
