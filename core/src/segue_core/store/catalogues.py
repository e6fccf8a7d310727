"""Catalogues: which ones exist, and each one's pointer to its active model."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
from msgspec import UNSET, UnsetType
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from segue_core.errors import ProgramError
from segue_core.store import pointer
from segue_core.store.database import Collection, Database, of_catalogue
from segue_core.store.model_versions import model_keys, read_model
from segue_core.store.models import CatalogueDocument, now
from segue_core.store.pointer import Change, ChangeNote, ChangeRefusedError, RefusalReason, Unpin
from segue_core.store.records import to_document
from segue_core.store.unreadable import UnreadableDocumentError

_ATTEMPTS = 100
_NAMED_MODELS = 10


def read_pointer(target: Database, catalogue: str, session: ClientSession | None = None) -> CatalogueDocument | None:
    """The catalogue's pointer to its active model; None if it has none.

    Raises
    ------
    UnreadableDocumentError
        The pointer is damaged.
    """
    document = target[Collection.CATALOGUES].find_one({"_id": catalogue}, session=session)
    if document is None:
        return None
    try:
        return msgspec.convert(document, CatalogueDocument)
    except msgspec.ValidationError as error:
        raise UnreadableDocumentError(f"the pointer to the active model of {catalogue!r}", str(error)) from error


def read_pointers(target: Database, on_unreadable: Callable[[str, str], None]) -> Iterator[CatalogueDocument]:
    """The pointers of all catalogues that have one.

    Parameters
    ----------
    on_unreadable
        Called with the name of each catalogue whose pointer cannot be read, and the reason.
    """
    for document in target[Collection.CATALOGUES].find():
        try:
            yield msgspec.convert(document, CatalogueDocument)
        except msgspec.ValidationError as error:
            on_unreadable(str(document["_id"]), str(error))


def read_active_model(target: Database, catalogue: str) -> str | None:
    """Key of the catalogue's active model; None if it has none.

    Raises
    ------
    UnreadableDocumentError
        The pointer is damaged.
    """
    found = read_pointer(target, catalogue)
    return None if found is None else found.active_model


def change_active_model(
    target: Database,
    catalogue: str,
    wanted: Change,
    note: ChangeNote,
    *,
    expected: str | UnsetType | None = UNSET,
) -> CatalogueDocument:
    """Activate, pin or unpin a version, by the rules of `pointer.change`; return the pointer as it is afterwards.

    Whoever else changes the pointer at the same time: each change is decided on what the one before it left.

    Parameters
    ----------
    expected
        Key of the version that must be active, None for no version; by default any may be.

    Raises
    ------
    ChangeRefusedError
        The version does not exist, the active version is pinned, or it is not the expected one.
    UnreadableDocumentError
        The version or the pointer is damaged, or of a newer schema.
    ProgramError
        Others changed the pointer during every attempt.
    """
    for _ in range(_ATTEMPTS):
        before = read_pointer(target, catalogue)
        if not isinstance(wanted, Unpin) and wanted.model is not None:
            _check_exists(target, catalogue, wanted.model)
        after = pointer.change(before, wanted, note, catalogue=catalogue, time=now(), expected=expected)
        if after is before or _write(target, before, after):
            return after
    raise ProgramError(f"cannot change the active model of {catalogue!r}: others keep changing it; try again")


def _check_exists(target: Database, catalogue: str, key: str) -> None:
    model = read_model(target, key)
    if model is not None and model.catalogue == catalogue:
        return
    known = model_keys(target, catalogue)
    shown = ", ".join([*(["..."] if len(known) > _NAMED_MODELS else []), *known[-_NAMED_MODELS:]])
    raise ChangeRefusedError(
        RefusalReason.UNKNOWN_MODEL, f"catalogue {catalogue!r} has no model {key!r}; its models: {shown or 'none'}"
    )


def _write(target: Database, before: CatalogueDocument | None, after: CatalogueDocument) -> bool:
    """Compare and set; return whether the pointer was still as before."""
    document = to_document(after)
    if before is None:
        try:
            target[Collection.CATALOGUES].insert_one({"_id": after.catalogue, **document})
        except DuplicateKeyError:
            return False
        return True
    # An earlier release neither writes nor counts revisions: hence both, and None for a missing one.
    unchanged = {"activeModel": before.active_model, "revision": before.revision or None}
    changed = target[Collection.CATALOGUES].update_one({"_id": after.catalogue, **unchanged}, {"$set": document})
    return changed.matched_count > 0


def has_tracks(target: Database, catalogue: str) -> bool:
    """Whether the catalogue has stored tracks."""
    return target[Collection.TRACKS].find_one(of_catalogue(catalogue), {"_id": 1}) is not None


def is_known(target: Database, catalogue: str) -> bool:
    """Whether the catalogue has tracks, stored or rejected."""
    rejected = target[Collection.REJECTED]
    return has_tracks(target, catalogue) or rejected.find_one({"catalogue": catalogue}, {"_id": 1}) is not None


def catalogues_with_tracks(target: Database) -> list[str]:
    """Names of the catalogues with stored tracks."""
    return sorted(map(str, target[Collection.TRACKS].distinct("catalogue")))


def known_catalogues(target: Database) -> list[str]:
    """Names of the catalogues with tracks, stored or rejected."""
    return sorted({*catalogues_with_tracks(target), *map(str, target[Collection.REJECTED].distinct("catalogue"))})
