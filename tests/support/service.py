"""The service on a store and a log in memory, for tests of what it answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET
from prometheus_client import CollectorRegistry
from starlette.testclient import TestClient

from segue_api.adapters.media_files import MountedFiles
from segue_api.application import assemble
from segue_api.http.operation import Service
from segue_api.http.streams import Streams
from segue_api.http.workers import Workers
from segue_api.metrics import ApiMetrics
from segue_api.ports import BrokerUnavailableError, StoreUnavailableError
from segue_api.service.audio_volumes import AudioVolumes
from segue_api.service.catalogues import Catalogues, Served
from segue_api.service.intake import EventIntake
from segue_api.service.keyring import Keyring
from segue_api.service.listeners import Listeners
from segue_api.service.loading import Loader
from segue_api.service.media import Media
from segue_api.service.search import SearchTexts
from segue_api.service.sessions import Sessions
from segue_core.contract import Role
from segue_core.recommend.question_errors import NoModelError
from segue_core.recommend.recommender import Recommender
from segue_core.store import pointer
from segue_core.store.accounts import BatchAccount, ListenerNumbers
from segue_core.store.keys import KeyRecord, NewKey, new_key
from segue_core.store.model_versions import ModelSummary
from segue_core.store.models import CatalogueDocument, ModelDocument
from segue_core.store.position import Position
from segue_core.store.profiles import ProfileDocument
from segue_core.store.records import EventRecord, TrackRecord
from segue_core.store.rejections import Rejection
from segue_core.store.sessions import NewSession, SessionRecord, new_session
from support.synthetic_model import CREATED, train_model
from support.synthetic_model import assemble as assemble_model
from support.synthetic_tracks import synthetic_tracks


@dataclass
class MemoryStore:
    """The port `Store` without a database."""

    loadable: dict[str, tuple[ModelDocument, Recommender]] = field(default_factory=dict)
    active: dict[str, CatalogueDocument] = field(default_factory=dict)
    profiles: dict[tuple[str, str], ProfileDocument] = field(default_factory=dict)
    stored_events: list[EventRecord] = field(default_factory=list)
    stored_keys: list[KeyRecord] = field(default_factory=list)
    stored_sessions: dict[str, SessionRecord] = field(default_factory=dict)
    stored_tracks: list[TrackRecord] = field(default_factory=list)
    stored_rejections: list[Rejection] = field(default_factory=list)
    gone: frozenset[str] = frozenset()
    """Ids of the tracks whose files are gone."""
    id_readings: int = 0
    """How often all ids of a catalogue were read."""
    away: bool = False
    """Whether the database does not answer."""
    error: Exception | None = None
    """What loading raises."""

    def _check(self) -> None:
        if self.away:
            raise StoreUnavailableError("it does not answer")

    def pointers(self) -> Mapping[str, CatalogueDocument]:
        self._check()
        return dict(self.active)

    def load(self, catalogue: str, model: str) -> tuple[ModelDocument, Recommender]:
        self._check()
        if self.error is not None:
            raise self.error
        if model not in self.loadable:
            raise NoModelError(f"catalogue {catalogue!r} has no model {model!r}")
        return self.loadable[model]

    def hidden(self, catalogue: str) -> Collection[str]:
        self._check()
        return self.gone

    def content_fingerprint(self, catalogue: str) -> str | None:
        self._check()
        return repr([record.track_id for record in self.stored_tracks if record.catalogue == catalogue])

    def track_ids(self, catalogue: str) -> Collection[str]:
        self._check()
        self.id_readings += 1
        return {record.track_id for record in self.stored_tracks if record.catalogue == catalogue}

    def tracks(self, catalogue: str, track_ids: Collection[str]) -> Sequence[TrackRecord]:
        self._check()
        return [record for record in self.stored_tracks if record.track_id in track_ids]

    def models(self, catalogue: str) -> tuple[ModelSummary, ...]:
        self._check()
        found = (model for model, _ in self.loadable.values() if model.catalogue == catalogue)
        return tuple(
            ModelSummary(
                catalogue=one.catalogue, number=one.number, run=one.run, created=one.created, k=one.k,
                tracks=one.tracks, metrics=one.metrics,
            )
            for one in found
        )  # fmt: skip

    def model(self, key: str) -> ModelDocument | None:
        self._check()
        return self.loadable[key][0] if key in self.loadable else None

    def change_active(self, catalogue: str, change: Any, note: Any, *, expected: Any = UNSET) -> CatalogueDocument:
        self._check()
        if getattr(change, "model", None) not in (None, *self.loadable):
            raise pointer.ChangeRefusedError(pointer.RefusalReason.UNKNOWN_MODEL, f"no model {change.model!r}")
        after = pointer.change(
            self.active.get(catalogue), change, note, catalogue=catalogue, time=CREATED, expected=expected
        )
        self.active[catalogue] = after
        return after

    def profile(self, catalogue: str, user: str) -> ProfileDocument | None:
        self._check()
        return self.profiles.get((catalogue, user))

    def positions(self) -> Mapping[int, Position]:
        self._check()
        return {}

    def events(self, catalogue: str, user: str, *, limit: int, offset: int = 0) -> Iterator[EventRecord]:
        self._check()
        found = [one for one in self.stored_events if (one.catalogue, one.user) == (catalogue, user)]
        yield from found[::-1][offset : offset + limit if limit else None]

    def batches(self, catalogue: str) -> Sequence[BatchAccount]:
        self._check()
        stored = Counter(one.batch for one in self.stored_tracks if one.catalogue == catalogue)
        rejected = [one for one in self.stored_rejections if one.catalogue == catalogue]
        return [
            BatchAccount(
                batch=name, tracks=stored[name], newest=1_790_000_000_000,
                rejected=Counter(one.reason for one in rejected if one.batch == name),
            )
            for name in sorted({*stored, *(one.batch for one in rejected)})
        ]  # fmt: skip

    def rejections(self, catalogue: str, *, batch: str | None, reason: str | None) -> Sequence[Rejection]:
        self._check()
        return [
            one
            for one in self.stored_rejections
            if one.catalogue == catalogue and batch in (None, one.batch) and reason in (None, one.reason)
        ]

    def listener_numbers(self, catalogue: str) -> ListenerNumbers:
        self._check()
        events = [one for one in self.stored_events if one.catalogue == catalogue]
        return ListenerNumbers(len({one.user for one in events}), Counter(str(one.type) for one in events))

    def keys(self) -> Sequence[KeyRecord]:
        self._check()
        return list(self.stored_keys)

    def create_session(self, key: str, now: datetime) -> NewSession:
        self._check()
        made = new_session(key, now)
        self.stored_sessions[made.record.id] = made.record
        return made

    def session(self, identifier: str) -> SessionRecord | None:
        self._check()
        return self.stored_sessions.get(identifier)

    def delete_session(self, identifier: str) -> None:
        self._check()
        self.stored_sessions.pop(identifier, None)


@dataclass
class MemoryLog:
    """The port `EventLog` without a broker."""

    events: list[EventRecord] = field(default_factory=list)
    away: bool = False

    async def append(self, events: Sequence[EventRecord]) -> None:
        if self.away:
            raise BrokerUnavailableError("the broker did not acknowledge within 10 s")
        self.events += events


class MemoryService:
    """A service with catalogues of synthetic tracks; `client` asks it with a key of a role."""

    def __init__(self, *, threads: int = 2, queue: int = 8, streams: int = 4, audio_file: Path | None = None) -> None:
        self.store, self.log = MemoryStore(), MemoryLog()
        self.registry = CollectorRegistry()
        self.metrics = ApiMetrics(self.registry)
        self.catalogues, self.listeners = Catalogues(), Listeners(self.store)
        self.loader = Loader(self.store, self.catalogues, self.metrics)
        self.keyring = Keyring([self.store.keys])
        self.volumes = AudioVolumes(audio_file)
        self.service = Service(
            catalogues=self.catalogues,
            listeners=self.listeners,
            intake=EventIntake(self.log, self.listeners, self.metrics),
            store=self.store,
            sessions=Sessions(self.store, self.keyring),
            media=Media(self.store, MountedFiles(), self.volumes),
            streams=Streams(streams, self.metrics),
            metrics=self.metrics,
            compute=Workers(threads, queue),
            io=Workers(2, queue),
            comparisons=Workers(1, 1),
        )
        self.app = assemble(self.service, self.keyring)

    def train(
        self,
        catalogue: str = "fma",
        count: int = 240,
        *,
        number: int = 1,
        k: int = 6,
        active: bool = True,
        names: Sequence[str] = (),
        words: Sequence[str] = (),
    ) -> list[TrackRecord]:
        """Train a model of synthetic tracks, let the store have it, and return the tracks.

        The first ones have the given names as ids, and the genre that the name begins with. A network says each of the
        words of every track, most of all of those whose number leaves the word's place as the remainder.
        """
        records = list(synthetic_tracks(catalogue, count, genres=6, tracks_per_artist=4))
        for place, name in enumerate(names):
            metadata = msgspec.structs.replace(records[place].metadata, genres=(name.partition("-")[0].title(),))
            records[place] = msgspec.structs.replace(records[place], track_id=name, metadata=metadata)
        for place, record in enumerate(records if words else ()):
            said = {word: 0.9 if place % len(words) == n else 0.1 for n, word in enumerate(words)}
            records[place] = msgspec.structs.replace(record, words=said)
        self.store.stored_tracks += records
        model, assignments = train_model(records, k=k, number=number)
        self.store.loadable[model.key] = (model, assemble_model(model, assignments, records))
        if active:
            pointer = CatalogueDocument(catalogue=catalogue, active_model=model.key, updated=CREATED)
            self.store.active[catalogue] = pointer
        return records

    def serve(self, catalogue: str = "fma", count: int = 240, *, words: Sequence[str] = ()) -> list[TrackRecord]:
        """Train a model and serve it."""
        records = self.train(catalogue, count, words=words)
        self.loader.look()
        return records

    def put(self, model: ModelDocument, recommender: Recommender) -> None:
        """Serve a model as it is."""
        self.catalogues.put(Served(model.catalogue, model, recommender, SearchTexts()))

    def key(self, role: Role, user: str | None = None) -> NewKey:
        """A new key, which the service knows."""
        made = new_key(role, user=user)
        self.store.stored_keys.append(made.record)
        self.keyring.refresh()
        return made

    def client(self, role: Role = Role.ADMIN, user: str | None = None) -> TestClient:
        """A client with a key of a role."""
        token = self.key(role, user).token
        return TestClient(self.app, headers={"Authorization": f"Bearer {token}"}, raise_server_exceptions=True)
