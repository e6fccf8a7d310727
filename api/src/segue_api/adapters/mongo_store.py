"""The port `Store` on MongoDB."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from msgspec import UNSET, UnsetType

from segue_api.ports import StoreUnavailableError
from segue_core.recommend.catalogue import load_catalogue
from segue_core.recommend.catalogue_cache import CatalogueCache
from segue_core.recommend.question_errors import UnreadableModelError
from segue_core.recommend.recommender import Recommender
from segue_core.store.accounts import BatchAccount, ListenerNumbers, count_batches, count_listeners
from segue_core.store.catalogues import change_active_model, read_pointers
from segue_core.store.content_marks import content_fingerprint
from segue_core.store.database import Database
from segue_core.store.database_errors import DATABASE_ERRORS, explain
from segue_core.store.events import read_events
from segue_core.store.keys import KeyRecord, decode_key_file, read_keys
from segue_core.store.model_versions import ModelSummary, list_models, read_model
from segue_core.store.models import CatalogueDocument, ModelDocument
from segue_core.store.pointer import Change, ChangeNote
from segue_core.store.position import Position
from segue_core.store.positions import read_positions
from segue_core.store.presence import hidden_ids
from segue_core.store.profiles import ProfileDocument, read_profile
from segue_core.store.records import EventRecord, TrackRecord
from segue_core.store.rejections import Rejection, read_rejections
from segue_core.store.sessions import NewSession, SessionRecord, create_session, delete_session, read_session
from segue_core.store.tracks import find_tracks, stored_ids

logger = logging.getLogger(__name__)


@contextmanager
def _available() -> Iterator[None]:
    try:
        yield
    except DATABASE_ERRORS as error:
        raise StoreUnavailableError(explain(error)) from error


class MongoStore:
    """Segue's database.

    Parameters
    ----------
    events_topic
        Name of the topic ``events`` on the broker.
    cache
        Where assembled catalogues are kept.
    """

    def __init__(self, database: Database, events_topic: str, cache: CatalogueCache | None = None) -> None:
        self._database = database
        self._cache = cache
        self._events_topic = events_topic

    def pointers(self) -> Mapping[str, CatalogueDocument]:
        """See `Store`."""

        def unreadable(name: str, problem: str) -> None:
            logger.warning("a catalogue's pointer cannot be read", extra={"catalogue": name, "problem": problem})

        with _available():
            return {pointer.catalogue: pointer for pointer in read_pointers(self._database, unreadable)}

    def load(self, catalogue: str, model: str) -> tuple[ModelDocument, Recommender]:
        """See `Store`."""
        with _available():
            recommender = load_catalogue(self._database, catalogue, model, self._cache)
            document = read_model(self._database, recommender.model)
        if document is None:
            raise UnreadableModelError(model, "it was deleted while it was loaded")
        return document, recommender

    def hidden(self, catalogue: str) -> Collection[str]:
        """See `Store`."""
        with _available():
            return hidden_ids(self._database, catalogue)

    def content_fingerprint(self, catalogue: str) -> str | None:
        """See `Store`."""
        with _available():
            return content_fingerprint(self._database, catalogue)

    def track_ids(self, catalogue: str) -> Collection[str]:
        """See `Store`."""
        with _available():
            return stored_ids(self._database, catalogue)

    def tracks(self, catalogue: str, track_ids: Collection[str]) -> Sequence[TrackRecord]:
        """See `Store`."""
        with _available():
            return tuple(find_tracks(self._database, catalogue, track_ids))

    def models(self, catalogue: str) -> tuple[ModelSummary, ...]:
        """See `Store`."""
        with _available():
            listed = list_models(self._database, catalogue)
        for problem in listed.unreadable:
            logger.warning("a model cannot be read", extra={"problem": str(problem)})
        return listed.models

    def model(self, key: str) -> ModelDocument | None:
        """See `Store`."""
        with _available():
            return read_model(self._database, key)

    def change_active(
        self, catalogue: str, change: Change, note: ChangeNote, *, expected: str | UnsetType | None = UNSET
    ) -> CatalogueDocument:
        """See `Store`."""
        with _available():
            return change_active_model(self._database, catalogue, change, note, expected=expected)

    def profile(self, catalogue: str, user: str) -> ProfileDocument | None:
        """See `Store`."""
        with _available():
            return read_profile(self._database, catalogue, user)

    def positions(self) -> Mapping[int, Position]:
        """See `Store`."""
        with _available():
            return read_positions(self._database, self._events_topic)

    def events(self, catalogue: str, user: str, *, limit: int, offset: int = 0) -> Iterator[EventRecord]:
        """See `Store`."""
        with _available():
            yield from read_events(self._database, catalogue, user, limit=limit, offset=offset)

    def batches(self, catalogue: str) -> Sequence[BatchAccount]:
        """See `Store`."""
        with _available():
            return count_batches(self._database, catalogue)

    def rejections(self, catalogue: str, *, batch: str | None, reason: str | None) -> Sequence[Rejection]:
        """See `Store`."""
        with _available():
            return tuple(read_rejections(self._database, catalogue=catalogue, batch=batch, reason=reason))

    def listener_numbers(self, catalogue: str) -> ListenerNumbers:
        """See `Store`."""
        with _available():
            return count_listeners(self._database, catalogue)

    def keys(self) -> Sequence[KeyRecord]:
        """See `Store`."""

        def unreadable(name: str, problem: str) -> None:
            logger.warning("a key cannot be read", extra={"key": name, "problem": problem})

        with _available():
            return tuple(read_keys(self._database, unreadable))

    def create_session(self, key: str, now: datetime) -> NewSession:
        """See `Store`."""
        with _available():
            return create_session(self._database, key, now)

    def session(self, identifier: str) -> SessionRecord | None:
        """See `Store`."""
        with _available():
            return read_session(self._database, identifier)

    def delete_session(self, identifier: str) -> None:
        """See `Store`."""
        with _available():
            delete_session(self._database, identifier)


class KeysFile:
    """Keys from a file, for a cluster: a mounted Secret."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def keys(self) -> Sequence[KeyRecord]:
        """The file's keys, read again each time, since a mounted Secret may change; none without a file.

        Raises
        ------
        ValueError
            A line is not a key.
        OSError
            The file cannot be read.
        """
        return () if self._path is None else decode_key_file(self._path.read_bytes())
