"""What the service needs from outside: the store and the broker, as protocols."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from msgspec import UNSET, UnsetType

from segue_core.recommend.recommender import Recommender
from segue_core.store.accounts import BatchAccount, ListenerNumbers
from segue_core.store.keys import KeyRecord
from segue_core.store.model_versions import ModelSummary
from segue_core.store.models import CatalogueDocument, ModelDocument
from segue_core.store.pointer import Change, ChangeNote
from segue_core.store.position import Position
from segue_core.store.profiles import ProfileDocument
from segue_core.store.records import EventRecord, TrackRecord
from segue_core.store.rejections import Rejection
from segue_core.store.sessions import NewSession, SessionRecord


class StoreUnavailableError(Exception):
    """The database does not answer; the message says what failed."""


class BrokerUnavailableError(Exception):
    """The broker did not acknowledge in time."""


class Store(Protocol):
    """The database; every call may raise `StoreUnavailableError`."""

    def pointers(self) -> Mapping[str, CatalogueDocument]:
        """Each catalogue's pointer to its active model; damaged ones are logged and left out."""
        ...

    def load(self, catalogue: str, model: str) -> tuple[ModelDocument, Recommender]:
        """A version with all tracks that fit it; raises `RecommendError`."""
        ...

    def hidden(self, catalogue: str) -> Collection[str]:
        """Ids of the tracks that must not be recommended, because their files are gone."""
        ...

    def content_fingerprint(self, catalogue: str) -> str | None:
        """Changes whenever the catalogue's tracks do; None if programs write to it that do not tell."""
        ...

    def track_ids(self, catalogue: str) -> Collection[str]:
        """Ids of all stored tracks, hidden ones included."""
        ...

    def tracks(self, catalogue: str, track_ids: Collection[str]) -> Sequence[TrackRecord]:
        """The stored tracks among these ids."""
        ...

    def models(self, catalogue: str) -> tuple[ModelSummary, ...]:
        """Versions of a catalogue that can be read."""
        ...

    def model(self, key: str) -> ModelDocument | None:
        """One version; raises `UnreadableDocumentError`."""
        ...

    def change_active(
        self, catalogue: str, change: Change, note: ChangeNote, *, expected: str | UnsetType | None = UNSET
    ) -> CatalogueDocument:
        """Change the pointer; raises `ChangeRefusedError` and `UnreadableDocumentError`."""
        ...

    def profile(self, catalogue: str, user: str) -> ProfileDocument | None:
        """A listener's stored profile; raises `UnreadableDocumentError`."""
        ...

    def positions(self) -> Mapping[int, Position]:
        """Up to where the stored profiles have seen the topic ``events``, by partition."""
        ...

    def events(self, catalogue: str, user: str, *, limit: int, offset: int = 0) -> Iterator[EventRecord]:
        """Stored events of a listener, newest first."""
        ...

    def batches(self, catalogue: str) -> Sequence[BatchAccount]:
        """An account of each batch, the newest first."""
        ...

    def rejections(self, catalogue: str, *, batch: str | None, reason: str | None) -> Sequence[Rejection]:
        """Tracks that could not be used, in any order."""
        ...

    def listener_numbers(self, catalogue: str) -> ListenerNumbers:
        """How many listeners there are, and what they do."""
        ...

    def keys(self) -> Sequence[KeyRecord]:
        """All keys; damaged ones are logged and left out."""
        ...

    def create_session(self, key: str, now: datetime) -> NewSession:
        """Make a session of a key."""
        ...

    def session(self, identifier: str) -> SessionRecord | None:
        """One session."""
        ...

    def delete_session(self, identifier: str) -> None:
        """End a session."""
        ...


class NotThereError(Exception):
    """There is no such file, or it is not one that may be sent."""


class OpenFile(Protocol):
    """A regular file that is open for reading; whoever has it closes it."""

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    @property
    def modified_ns(self) -> int:
        """When it was last changed, nanoseconds since the epoch."""
        ...

    def read(self, offset: int, size: int) -> bytes:
        """Up to so many bytes from a place; raises OSError."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


class VolumeFiles(Protocol):
    """The files in volumes."""

    def open(self, volume: Path, folder: str, path: bytes) -> OpenFile:
        """Open a file of an audio folder, and nothing outside that folder.

        Parameters
        ----------
        volume
            Where the volume is mounted; it is trusted.
        folder
            The audio folder in it.
        path
            Relative to that folder.

        Raises
        ------
        NotThereError
            There is no such file, it lies outside the folder, or it is not a regular file.
        """
        ...


class EventLog(Protocol):
    """The topic ``events``, to write to."""

    async def append(self, events: Sequence[EventRecord]) -> None:
        """Append events, and return when the broker has acknowledged all of them.

        Raises
        ------
        BrokerUnavailableError
            It did not in time; some of the events may have been taken.
        """
        ...
