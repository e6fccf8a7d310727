"""``segue models unpin``: let training runs replace the active version again."""

from __future__ import annotations

from segue.commandline import AsJson, Call, Catalogue, Reason, write_json
from segue.errors import CommandExit


def run(*, catalogue: Catalogue, reason: Reason = None, as_json: AsJson = False, call: Call) -> int:
    """Remove the pin of the active version."""
    from segue.commands.pointer_change import change_version
    from segue.render.model_versions import pointer_document
    from segue_core.store.pointer import Unpin

    changed = change_version(call, catalogue, Unpin(), reason or "unpinned by hand")
    if as_json:
        write_json(call.console, pointer_document(changed.after))
    elif changed.before and changed.before.pinned:
        call.console.print(
            f"{changed.after.active_model} is active, and no longer pinned: the next training run may replace it",
            soft_wrap=True,
        )
    else:
        call.console.print(f"{changed.after.active_model} is not pinned", soft_wrap=True)
    return CommandExit.OK
