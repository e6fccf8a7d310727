"""Deleting model versions that nobody needs: the active one and the one before it always stay."""

from __future__ import annotations

from collections.abc import Iterable

from pymongo.client_session import ClientSession

from segue_core.store.catalogues import read_pointer
from segue_core.store.database import Collection, Database
from segue_core.store.model_versions import delete_content
from segue_core.store.models import CatalogueDocument


class VersionInUseError(Exception):
    """The version stays; the message says what for."""


def use_of(pointer: CatalogueDocument | None, key: str) -> str | None:
    """What a catalogue needs a version for; None if it does not."""
    if pointer is None:
        return None
    if key == pointer.active_model:
        return "it is the active one"
    return "it is the previous one, the way back from the active one" if key == pointer.previous_model else None


def superseded(keys: Iterable[str], pointer: CatalogueDocument | None, keep: int) -> list[str]:
    """The versions to delete so that the newest ``keep`` remain, and whatever is in use.

    Parameters
    ----------
    keys
        All versions of a catalogue, oldest first.
    """
    older = list(keys)[:-keep] if keep else list(keys)
    return [key for key in older if use_of(pointer, key) is None]


def delete_version(target: Database, catalogue: str, key: str) -> bool:
    """Delete a version; return whether it existed.

    Its document goes first, so nobody reads half a version. Whoever activates it at the same time is refused, or
    keeps it from being deleted: the transaction also counts up the revision of the catalogue's pointer.

    Raises
    ------
    VersionInUseError
        It is the active version, or the one before it.
    UnreadableDocumentError
        The pointer is damaged.
    """

    def delete(session: ClientSession) -> bool:
        pointer = read_pointer(target, catalogue, session)
        if use := use_of(pointer, key):
            raise VersionInUseError(f"{key} stays: {use}")
        target[Collection.CATALOGUES].update_one({"_id": catalogue}, {"$inc": {"revision": 1}}, session=session)
        return target[Collection.MODELS].delete_one({"_id": key}, session=session).deleted_count > 0

    with target.client.start_session() as session:
        existed = session.with_transaction(delete)
    delete_content(target, key)
    return existed
