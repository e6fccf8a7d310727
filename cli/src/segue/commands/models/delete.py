"""``segue models delete``: free the room of versions that nobody needs."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from segue.commandline import Call, Catalogue
from segue.errors import CommandError, CommandExit, UsageError


def run(
    versions: Annotated[
        list[str] | None, Parameter(metavar="VERSION", help="their numbers, or their names, for example demo:1")
    ] = None,
    /,
    *,
    catalogue: Catalogue,
    keep: Annotated[
        int | None, Parameter(metavar="N", help="instead of naming versions: delete all but the newest N")
    ] = None,
    yes: Annotated[bool, Parameter(alias="-y", help="do not ask", show_default=False)] = False,
    call: Call,
) -> int:
    """Delete versions with their vectors and assignments."""
    from segue.commands.catalogue_view import check_catalogue
    from segue.commands.confirmation import is_confirmed
    from segue.commands.database_access import open_database
    from segue_core.store.catalogues import read_pointer
    from segue_core.store.model_versions import model_keys
    from segue_core.store.models import version_key
    from segue_core.store.retention import VersionInUseError, delete_version, superseded

    if bool(versions) == (keep is not None):
        raise UsageError("name the versions, or say how many to keep", "for example --keep 5")
    if keep is not None and keep < 1:
        raise UsageError(f"--keep must be at least 1, not {keep}")
    with open_database(call) as database:
        check_catalogue(database, catalogue)
        known = model_keys(database, catalogue)
        if keep is None:
            chosen = list(dict.fromkeys(version_key(catalogue, version) for version in versions or ()))
            _check_known(catalogue, chosen, known)
        else:
            chosen = superseded(known, read_pointer(database, catalogue), keep)
        if not chosen:
            call.console.print("there is nothing to delete")
            return CommandExit.OK
        if not yes and not is_confirmed(call, f"Delete {', '.join(chosen)}?", "nothing was deleted"):
            call.console.print("nothing was deleted")
            return CommandExit.OK
        for key in chosen:
            try:
                delete_version(database, catalogue, key)
            except VersionInUseError as error:
                hint = f"activate another version first: segue models activate VERSION --catalogue {catalogue}"
                raise CommandError(str(error), hint) from error
            call.console.print(f"{key} deleted", soft_wrap=True)
    return CommandExit.OK


def _check_known(catalogue: str, chosen: list[str], known: list[str]) -> None:
    if unknown := [key for key in chosen if key not in known]:
        listing = f"list the versions: segue models list --catalogue {catalogue}"
        raise UsageError(f"catalogue {catalogue!r} has no model {', '.join(map(repr, unknown))}", listing)
