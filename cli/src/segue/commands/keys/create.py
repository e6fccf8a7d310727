"""``segue keys create``: a key of the service, shown once."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from segue.commandline import AsJson, Call, write_json
from segue.errors import CommandExit, UsageError
from segue_core.contract import Role


def run(
    *,
    role: Annotated[Role, Parameter(help="admin: everything; listener: one listener; ingest: sends events")],
    user: Annotated[str | None, Parameter(metavar="NAME", help="the listener that the key belongs to")] = None,
    note: Annotated[str, Parameter(metavar="TEXT", help="who or what uses the key", show_default=False)] = "",
    offline: Annotated[
        bool, Parameter(help="print the line for a file of keys instead of storing the key", show_default=False)
    ] = False,
    as_json: AsJson = False,
    call: Call,
) -> int:
    """Make a key and print its token, which is stored nowhere."""
    import msgspec

    from segue.commands.database_access import open_database
    from segue_core.store.keys import NewKey, create_key, find_holder_fault, new_key

    def make() -> NewKey:
        if offline:
            return new_key(role, user=user, note=note)
        with open_database(call) as database:
            return create_key(database, role, user=user, note=note)

    fault = find_holder_fault(role, user)
    if fault is not None:
        raise UsageError(fault, "segue keys create --role listener --user NAME")
    made = make()
    if as_json:
        write_json(call.console, {"token": made.token, "key": msgspec.to_builtins(made.record)})
        return CommandExit.OK
    call.console.print(made.token, soft_wrap=True)
    if offline:
        call.console.print(msgspec.json.encode(made.record).decode(), soft_wrap=True)
        call.notes.print("the first line is the key, the second goes into the file of keys", soft_wrap=True)
    call.notes.print(
        "keep the key: it is shown once, and only its hash is stored. Send it as Authorization: Bearer KEY",
        soft_wrap=True,
    )
    return CommandExit.OK
