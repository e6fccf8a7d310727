"""Replicas of the service on the session's broker and database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from prometheus_client import CollectorRegistry
from pymongo import MongoClient
from starlette.testclient import TestClient

from segue_api.application import create
from segue_api.settings import ApiSettings
from segue_core.contract import Role
from segue_core.settings import KafkaSettings, MongoSettings
from segue_core.store.catalogues import change_active_model
from segue_core.store.database import Collection, Database, Document, database, ensure_indexes
from segue_core.store.keys import create_key
from segue_core.store.pointer import Activate, ChangeNote
from segue_core.store.records import TrackRecord, to_document
from support.synthetic_model import train_model
from support.synthetic_tracks import synthetic_tracks, track_document
from support.waiting import wait_until

Replica = Callable[[], TestClient]


@pytest.fixture
def target(mongo_client: MongoClient[Document], mongo_settings: MongoSettings) -> Database:
    found = database(mongo_client, mongo_settings)
    ensure_indexes(found)
    return found


@pytest.fixture
def tracks(target: Database) -> list[TrackRecord]:
    """A catalogue ``fma`` of 240 tracks with an active model."""
    records = list(synthetic_tracks("fma", 240, genres=6, tracks_per_artist=4))
    target[Collection.TRACKS].insert_many([track_document(record) for record in records])
    publish(target, records, number=1)
    return records


def publish(target: Database, records: list[TrackRecord], *, number: int, k: int = 6, active: bool = True) -> str:
    """Publish a model of these tracks; return its key."""
    model, assignments = train_model(records, k=k, number=number)
    target[Collection.MODELS].insert_one({"_id": model.key, **to_document(model)})
    target[Collection.ASSIGNMENTS].insert_many(
        [{"_id": f"{model.key}:{one.track_id}", **to_document(one)} for one in assignments]
    )
    if active:
        change_active_model(target, model.catalogue, Activate(model=model.key), ChangeNote(by="test", reason="test"))
    return model.key


@pytest.fixture
def api_settings(kafka_settings: KafkaSettings, mongo_settings: MongoSettings) -> ApiSettings:
    return ApiSettings(kafka=kafka_settings, mongodb=mongo_settings, poll_seconds=0.2)


@pytest.fixture
def replica(api_settings: ApiSettings, target: Database, tracks: list[TrackRecord]) -> Iterator[Replica]:
    """Starts a replica that serves ``fma``, with an admin's key."""
    token = create_key(target, Role.ADMIN).token
    with ExitStack() as stack:

        def start() -> TestClient:
            app = create(api_settings, registry=CollectorRegistry())
            client = stack.enter_context(TestClient(app, headers={"Authorization": f"Bearer {token}"}))
            wait_until(lambda: client.get("/v1/tracks").status_code == 200)
            return client

        yield start
