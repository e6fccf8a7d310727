"""``segue models activate``: which version recommendations use."""

from __future__ import annotations

from segue.commandline import AsJson, Call, Catalogue, Reason, Version, write_json
from segue.errors import CommandExit


def run(
    version: Version,
    /,
    *,
    catalogue: Catalogue,
    reason: Reason = None,
    as_json: AsJson = False,
    call: Call,
) -> int:
    """Make a version the active one."""
    from segue.commands.pointer_change import change_version
    from segue.render.model_versions import pointer_document
    from segue_core.store.models import version_key
    from segue_core.store.pointer import Activate

    key = version_key(catalogue, version)
    changed = change_version(call, catalogue, Activate(model=key), reason or "activated by hand")
    if as_json:
        write_json(call.console, pointer_document(changed.after))
        return CommandExit.OK
    if changed.before and changed.before.active_model == key:
        call.console.print(f"{key} is the active model already", soft_wrap=True)
        return CommandExit.OK
    before = f"; before: {changed.before.active_model}" if changed.before else ""
    call.console.print(f"{key} is the active model now{before}", soft_wrap=True)
    call.notes.print(
        f"the next training run may replace it; to prevent that: segue models pin --catalogue {catalogue}",
        soft_wrap=True,
    )
    return CommandExit.OK
