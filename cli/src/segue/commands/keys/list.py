"""``segue keys list``: the keys of the service."""

from __future__ import annotations

from segue.commandline import AsJson, Call, write_json
from segue.errors import CommandExit
from segue.render.tables import rows, table


def run(*, as_json: AsJson = False, call: Call) -> int:
    """Print a line for every key, revoked ones among them."""
    import msgspec

    from segue.commands.database_access import open_database
    from segue_core.store.keys import read_keys

    def unreadable(name: str, problem: str) -> None:
        call.notes.print(f"key {name!r} cannot be read: {problem}", soft_wrap=True)

    with open_database(call) as database:
        found = list(read_keys(database, unreadable))
    if as_json:
        write_json(call.console, [{**msgspec.to_builtins(key), "sha256": None} for key in found])
        return CommandExit.OK
    if not found:
        call.notes.print("there is no key yet: segue keys create --role admin")
        return CommandExit.OK
    lines = ([key.id, key.role.value, key.user, key.note, key.created, key.revoked] for key in found)
    call.console.print(rows(table("ID", "ROLE", "USER", "NOTE", "CREATED", "REVOKED"), lines))
    return CommandExit.OK
