"""The database's schema version, and the steps that bring an older database up to it.

Each document also carries the version of its own kind. This one is for changes that touch many documents at once:
renamed collections, ids of another form, fields that must be filled in.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pymongo.errors import ConnectionFailure, DuplicateKeyError

from segue_core.errors import UnrecoverableError
from segue_core.store.database import Collection, Database, ensure_indexes

logger = logging.getLogger(__name__)

FIRST_VERSION = 1
"""What a database without a version has: the first releases wrote none."""
_ID = "database"
_CONTENT = (Collection.TRACKS, Collection.REJECTED, Collection.MODELS, Collection.EVENTS)


@dataclass(frozen=True)
class Migration:
    """One step from the version before.

    A step must be safe to repeat, and to run in two programs at once: a program may die in the middle of it, and
    several may start together.
    """

    version: int
    """Version that the database has afterwards."""
    description: str
    """What the step does, for the log."""
    apply: Callable[[Database], None]


def _name_sources(target: Database) -> None:
    """Give every track that was stored before sources had names the source ``batch:<name of its batch>``."""
    tracks = target[Collection.TRACKS]
    for batch in tracks.distinct("batch", {"source": None}):
        tracks.update_many({"source": None, "batch": batch}, {"$set": {"source": f"batch:{batch}"}})


MIGRATIONS: tuple[Migration, ...] = (Migration(2, "name the source of each track", _name_sources),)
"""All steps, oldest first, without gaps."""


def prepare(target: Database, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Create what is missing and migrate what is old; safe to call from several programs at once.

    Raises
    ------
    ProgramError
        The database does not answer.
    UnrecoverableError
        A newer Segue has written to it.
    """
    known = migrations[-1].version if migrations else FIRST_VERSION
    _refuse_newer(target, known)
    ensure_indexes(target)
    version = _read_or_begin(target, known)
    for migration in migrations:
        if migration.version > version:
            logger.info("migrating the database", extra={"version": migration.version, "step": migration.description})
            migration.apply(target)
            target[Collection.SCHEMA].update_one(
                {"_id": _ID, "version": migration.version - 1}, {"$set": {"version": migration.version}}
            )


def _refuse_newer(target: Database, known: int) -> None:
    """Before anything is changed: a newer version may have other indexes."""
    try:
        found = target[Collection.SCHEMA].find_one({"_id": _ID})
    except ConnectionFailure:
        return  # the next step explains a database that does not answer
    if found is not None and int(found["version"]) > known:
        raise UnrecoverableError(
            f"the database {target.name!r} has schema version {found['version']}, this program knows {known}: "
            "a newer Segue has written to it; upgrade this one"
        )


def _read_or_begin(target: Database, known: int) -> int:
    """Version of the database; a new one begins with the newest."""
    found = target[Collection.SCHEMA].find_one({"_id": _ID})
    if found is not None:
        return int(found["version"])
    is_new = not any(target[name].find_one({}, {"_id": 1}) for name in _CONTENT)
    try:
        target[Collection.SCHEMA].insert_one({"_id": _ID, "version": known if is_new else FIRST_VERSION})
    except DuplicateKeyError:  # another program was faster
        return _read_or_begin(target, known)
    return known if is_new else FIRST_VERSION
