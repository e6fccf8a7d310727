"""``segue keys revoke``: end a key."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from segue.commandline import Call
from segue.errors import CommandExit, UsageError


def run(
    key: Annotated[str, Parameter(name="ID", help="id of the key, as segue keys list shows it")],
    /,
    *,
    call: Call,
) -> int:
    """Revoke a key; running services refuse it within seconds."""
    from segue.commands.database_access import open_database
    from segue_core.store.keys import revoke_key

    with open_database(call) as database:
        if not revoke_key(database, key):
            raise UsageError(f"there is no key {key!r}", "list the keys: segue keys list")
    call.console.print(f"{key} is revoked", soft_wrap=True)
    return CommandExit.OK
