"""Models in the database, as a table or as they are stored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from segue.commandline import Invocation
from segue.commands.catalogue_view import check_catalogue
from segue.commands.database_access import open_database
from segue.errors import UsageError, did_you_mean
from segue.render.model_versions import VersionEntry, print_versions
from segue_core.store.catalogues import read_pointer
from segue_core.store.database import Database
from segue_core.store.model_versions import list_models, model_keys, stored_models
from segue_core.store.models import CatalogueDocument
from segue_core.store.unreadable import UnreadableDocumentError


def read_models(call: Invocation, name: str | None) -> list[Any]:
    """Models as they are stored: all, or the one of this name.

    Raises
    ------
    UsageError
        There is no model of this name.
    """
    with open_database(call) as database:
        _check_name(name, model_keys(database))
        return stored_models(database, name)


def print_models(call: Invocation, name: str | None) -> None:
    """Print a line for every model, or for the one of this name.

    Raises
    ------
    UsageError
        There is no model of this name.
    """
    with open_database(call) as database:
        known = model_keys(database)
        _check_name(name, known)
        entries = _entries(call, database, None)
    if not known:
        call.notes.print("no model has been trained yet")
        return
    print_versions(call.console, (entry for entry in entries if name in (None, entry.model.key)))


def list_entries(call: Invocation, catalogue: str | None) -> list[VersionEntry]:
    """The versions of one catalogue, or of all; notes name those that cannot be read.

    Raises
    ------
    UsageError
        There is no such catalogue.
    """
    with open_database(call) as database:
        if catalogue is not None:
            check_catalogue(database, catalogue)
        return _entries(call, database, catalogue)


def _entries(call: Invocation, database: Database, catalogue: str | None) -> list[VersionEntry]:
    listed = list_models(database, catalogue)
    for problem in listed.unreadable:
        call.notes.print(str(problem), soft_wrap=True)
    pointers = _pointers(call, database, {model.catalogue for model in listed.models})
    return [VersionEntry(model, pointers.get(model.catalogue)) for model in listed.models]


def _check_name(name: str | None, known: Iterable[str]) -> None:
    if name and name not in known:
        raise UsageError(f"there is no model {name!r}", did_you_mean(name, known))


def _pointers(call: Invocation, database: Database, catalogues: Iterable[str]) -> dict[str, CatalogueDocument | None]:
    pointers = {}
    for catalogue in sorted(catalogues):
        try:
            pointers[catalogue] = read_pointer(database, catalogue)
        except UnreadableDocumentError as error:
            call.notes.print(str(error), soft_wrap=True)
    return pointers
