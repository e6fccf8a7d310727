"""A database copied and put back, as mongodump and mongorestore do it."""

from __future__ import annotations

from segue_core.store.database import Database, Document

Dump = dict[str, list[Document]]
"""Documents of each collection."""


def dump(target: Database) -> Dump:
    """All collections."""
    return {name: list(target.get_collection(name).find()) for name in target.list_collection_names()}


def restore(target: Database, copied: Dump) -> None:
    """Replace the database, as ``mongorestore --drop`` does; programs make the indexes when they start."""
    target.client.drop_database(target.name)
    for name, documents in copied.items():
        if documents:
            target.get_collection(name).insert_many(documents)
