"""Tracks that MongoDB already has: they keep their ids, and what is done is not analysed again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol, Self, TypeVar

from pymongo.errors import ConnectionFailure, PyMongoError

from segue_core.errors import OutageError, ProgramError
from segue_core.identity.catalogue import Source
from segue_core.identity.stored_tracks import own_rows
from segue_core.settings import MongoSettings
from segue_core.store.database import connect, database
from segue_core.store.database_errors import explain
from segue_core.store.presence import Presence, read_hidden, read_presence
from segue_core.store.records import TrackRecord
from segue_core.store.tracks import TrackRow, read_track, rows_with_ids

T = TypeVar("T")


class KnownTracks(Protocol):
    """What a shard asks about tracks that are stored."""

    def with_ids(self, track_ids: Iterable[str]) -> list[TrackRow]:
        """The stored tracks among these ids."""

    def own(self) -> list[TrackRow]:
        """All tracks that the shard's source owns."""

    def hidden(self) -> list[Presence]:
        """Tracks that are missing, broken or deleted."""

    def is_free(self, track_id: str) -> bool:
        """Whether nothing is known under an id."""

    def record(self, track_id: str) -> TrackRecord | None:
        """The complete record of a stored track; None if it is gone."""


class NoTracks(AbstractContextManager["NoTracks"]):
    """Without a database, nothing is known: every track is analysed."""

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""

    def with_ids(self, _track_ids: Iterable[str]) -> list[TrackRow]:
        """None."""
        return []

    def own(self) -> list[TrackRow]:
        """None."""
        return []

    def hidden(self) -> list[Presence]:
        """None."""
        return []

    def is_free(self, _track_id: str) -> bool:
        """Every id is."""
        return True

    def record(self, _track_id: str) -> TrackRecord | None:
        """None."""
        return None


class StoredTracks:
    """The tracks of one catalogue in MongoDB; a context manager that keeps one connection for all queries.

    After titles were corrected, there is a query for every track: connecting each time would cost far more. Every
    method raises ProgramError if MongoDB does not answer.
    """

    def __init__(self, settings: MongoSettings, catalogue: str, source: Source) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._source = source
        self._client = connect(settings)
        self._database = database(self._client, settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def with_ids(self, track_ids: Iterable[str]) -> list[TrackRow]:
        """The stored tracks among these ids."""
        return self._ask(lambda: list(rows_with_ids(self._database, self._catalogue, track_ids)))

    def own(self) -> list[TrackRow]:
        """All tracks that the source owns."""
        return self._ask(lambda: list(own_rows(self._database, self._catalogue, self._source)))

    def hidden(self) -> list[Presence]:
        """Tracks that are missing, broken or deleted."""
        return self._ask(lambda: list(read_hidden(self._database, self._catalogue)))

    def is_free(self, track_id: str) -> bool:
        """Whether nothing is known under an id."""
        return not self.with_ids([track_id]) and not self._ask(
            lambda: list(read_presence(self._database, self._catalogue, [track_id]))
        )

    def record(self, track_id: str) -> TrackRecord | None:
        """The complete record of a stored track; None if it is gone."""
        return self._ask(lambda: read_track(self._database, self._catalogue, track_id))

    def _ask(self, question: Callable[[], T]) -> T:
        try:
            return question()
        except PyMongoError as error:
            failure = OutageError if isinstance(error, ConnectionFailure) else ProgramError
            raise failure(f"MongoDB at {self._settings.address} failed: {explain(error)}") from error
