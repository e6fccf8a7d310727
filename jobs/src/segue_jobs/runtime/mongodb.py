"""The database: its collections, their indexes and the write concern, declared in one place.

==============  =========================  ==================================================
collection      ``_id``                    holds
==============  =========================  ==================================================
tracks          ``<catalogue>:<id>``       newest record of a track (`records.TrackRecord`)
rejected        ``<batch uid>:<id>``       rejections (`records.RejectedRecord`)
models          ``<catalogue>:<number>``   immutable model versions
assignments     ``<model>:<track id>``     a track's cluster in a model, or why it has none
catalogues      ``<catalogue>``            pointer to the active model
events          topic, partition, offset   likes, plays, skips
==============  =========================  ==================================================
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pymongo import ASCENDING, IndexModel, MongoClient, WriteConcern
from pymongo.database import Database

from segue_jobs.runtime.settings import MongoSettings

Document = dict[str, Any]


class Collection(StrEnum):
    """Names of the collections."""

    TRACKS = "tracks"
    REJECTED = "rejected"
    MODELS = "models"
    ASSIGNMENTS = "assignments"
    CATALOGUES = "catalogues"
    EVENTS = "events"


INDEXES: dict[Collection, list[IndexModel]] = {
    Collection.TRACKS: [
        IndexModel([("catalogue", ASCENDING), ("trackId", ASCENDING)], name="catalogue_track"),
        IndexModel([("batchUid", ASCENDING)], name="batch"),
    ],
    Collection.REJECTED: [
        IndexModel([("batchUid", ASCENDING), ("reason", ASCENDING)], name="batch_reason"),
        IndexModel([("catalogue", ASCENDING), ("trackId", ASCENDING)], name="catalogue_track"),
    ],
    Collection.MODELS: [
        IndexModel([("catalogue", ASCENDING), ("number", ASCENDING)], name="catalogue_number", unique=True),
        IndexModel([("runUid", ASCENDING)], name="run", unique=True),
    ],
    Collection.ASSIGNMENTS: [
        IndexModel([("model", ASCENDING), ("cluster", ASCENDING)], name="model_cluster"),
    ],
    Collection.EVENTS: [
        IndexModel([("catalogue", ASCENDING), ("user", ASCENDING)], name="catalogue_user"),
    ],
}


def connect(settings: MongoSettings, *, timeout_seconds: float = 30.0) -> MongoClient[Document]:
    """Client whose writes are acknowledged by a majority and journalled."""
    return MongoClient(
        settings.uri,
        serverSelectionTimeoutMS=int(timeout_seconds * 1000),
        appname="segue",
        w="majority",
        journal=True,
    )


def database(client: MongoClient[Document], settings: MongoSettings) -> Database[Document]:
    """Segue's database with the durable write concern."""
    return client.get_database(settings.database, write_concern=WriteConcern(w="majority", j=True))


def ensure_indexes(target: Database[Document]) -> None:
    """Create the indexes that are missing; safe to call from several programs at once."""
    for collection, indexes in INDEXES.items():
        target[collection].create_indexes(indexes)
