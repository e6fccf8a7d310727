"""Changing which version of a catalogue's model is active: what ``activate``, ``pin`` and ``unpin`` share."""

from __future__ import annotations

from dataclasses import dataclass

from segue.commandline import Invocation
from segue.commands.catalogue_view import check_catalogue
from segue.commands.database_access import open_database
from segue.errors import CommandError, UsageError
from segue_core.store.catalogues import change_active_model, read_pointer
from segue_core.store.models import CatalogueDocument
from segue_core.store.pointer import Activate, Change, ChangeNote, ChangeRefusedError, RefusalReason
from segue_core.store.unreadable import UnreadableDocumentError


@dataclass(frozen=True)
class Changed:
    """A catalogue's pointer before and after a change."""

    before: CatalogueDocument | None
    after: CatalogueDocument


def change_version(call: Invocation, catalogue: str, wanted: Change, reason: str) -> Changed:
    """Activate, pin or unpin.

    Raises
    ------
    UsageError
        There is no such catalogue or version, or the reason is too long.
    CommandError
        The change is refused, or the version or the pointer cannot be read.
    """
    try:
        note = ChangeNote(by=call.title, reason=reason)
    except ValueError as error:
        raise UsageError(f"--reason: {error}") from error
    listing = f"list the versions: segue models list --catalogue {catalogue}"
    with open_database(call) as database:
        check_catalogue(database, catalogue)
        try:
            before = read_pointer(database, catalogue)
            return Changed(before, change_active_model(database, catalogue, wanted, note))
        except ChangeRefusedError as error:
            if error.reason == RefusalReason.PINNED:
                version = wanted.model if isinstance(wanted, Activate) else "VERSION"
                hint = (
                    f"segue models unpin --catalogue {catalogue}, or move the pin: "
                    f"segue models pin {version} --catalogue {catalogue}"
                )
                raise CommandError(str(error), hint) from error
            raise UsageError(str(error), listing) from error
        except UnreadableDocumentError as error:
            raise CommandError(str(error), listing) from error
