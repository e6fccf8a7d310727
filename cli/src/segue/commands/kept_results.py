"""Whether the database still has what finished resources stored in it: a status outlives a lost database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from segue.commandline import Invocation
from segue.errors import CommandError
from segue.render.resources import at, is_true, short_name
from segue.render.tables import number
from segue.servers.session import has_database
from segue_core.contract import Env
from segue_core.store.database import Database
from segue_core.store.model_versions import has_reserved
from segue_core.store.presence import has_source
from segue_operator.children.source_options import source_name
from segue_operator.kinds.objects import Key, Kind, Manifest
from segue_operator.kinds.trackbatch import TrackBatch


@dataclass(frozen=True)
class _Stored:
    resource: Manifest
    what: str
    """What it stored, for people."""


def check_database(call: Invocation, finished: Iterable[Manifest]) -> None:
    """Refuse to call finished what was stored in a database that is gone.

    Raises
    ------
    CommandError
        A succeeded resource stored something, and there is no database.
    """
    stored = [found for resource in finished if (found := _stored(resource))]
    if stored and not has_database(call.state, call.environ):
        raise _lost(stored, f"there is no database in {call.state.root.absolute()} any more")


def check_kept(database: Database, finished: Iterable[Manifest]) -> None:
    """Refuse to call finished what the database has lost; what was forgotten or deleted track by track is not lost.

    Raises
    ------
    CommandError
        The database has nothing of what a succeeded resource stored.
    """
    stored = [found for resource in finished if (found := _stored(resource))]
    lost = [found for found in stored if not _is_kept(database, found.resource)]
    if lost:
        raise _lost(lost, "the database has nothing of that any more")


def _stored(resource: Manifest) -> _Stored | None:
    """What a succeeded resource stored; None if that is nothing."""
    if not is_true(resource, "Succeeded"):
        return None
    if resource["kind"] == Kind.TRACK_BATCH:
        tracks = int(at(resource, "status", "tracks", "stored") or 0)
        return _Stored(resource, f"{number(tracks)} track{'s' if tracks > 1 else ''}") if tracks else None
    version = at(resource, "status", "model", "version")
    return _Stored(resource, f"the model {version}") if version else None


def _is_kept(database: Database, resource: Manifest) -> bool:
    if resource["kind"] == Kind.TRACK_BATCH:
        batch = TrackBatch.model_validate(resource)
        names = (source_name(batch), f"batch:{batch.metadata.name}")  # the latter before sources had names
        return any(has_source(database, batch.spec.catalogue, name) for name in names)
    return has_reserved(database, str(resource["metadata"]["uid"]))


def _lost(lost: Iterable[_Stored], why: str) -> CommandError:
    names = ", ".join(f"{short_name(Key.of(found.resource))} ({found.what})" for found in lost)
    return CommandError(
        f"{names} finished earlier, but {why}",
        f"restore the database from a backup, or name the one that has it with {Env.MONGODB_URI}; to fill this one "
        "again, run the same command with --again",
    )
