"""The database: its collections, their indexes and the write concern, in one place.

==============  =========================  ==================================================
collection      ``_id``                    holds
==============  =========================  ==================================================
tracks          ``<catalogue>:<id>``       newest record of a track (`records.TrackRecord`)
rejected        ``<batch uid>:<id>``,      rejections (`records.RejectedRecord`); those made by the sink name the Kafka
                ``sink:<Kafka record>``    record and keep its bytes
models          ``<catalogue>:<number>``   immutable model versions
assignments     ``<model>:<track id>``     a track's cluster in a model, or why it is not in it
model_vectors   ``<model>:<track id>``     the vectors of a model's tracks, in chunks named by their first track
presence        ``<catalogue>:<id>``       which sources have a track's file (`presence.Presence`)
content_marks   ``<catalogue>:<writer>``   whether the above have changed (see `content_marks`)
reservations    ``<catalogue>:<number>``   which training run may publish that model version
catalogues      ``<catalogue>``            pointer to the active model
events          ``<event id>``             what listeners did (`records.EventRecord`)
profiles        ``<catalogue>:<user>``     what follows from a listener's events (`profiles.ProfileDocument`)
positions       ``<topic>:<partition>``    up to where the profiles have seen the topic ``events``
keys            ``<key id>``               hashes of the service's keys (`keys.KeyRecord`)
sessions        ``<session id>``           who has signed in with which key (`sessions.SessionRecord`)
schema          ``database``               version of the database (see `segue_core.store.schema`)
==============  =========================  ==================================================

A Kafka record is named ``<topic>:<partition>:<offset>:<timestamp>``. Documents written by the sink have their record's
position in the field ``kafka``: ``{topic, partition, offset, timestamp}``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import islice
from typing import Any

from pymongo import ASCENDING, IndexModel, MongoClient, WriteConcern
from pymongo.client_session import ClientSession
from pymongo.collection import Collection as MongoCollection
from pymongo.database import Database as MongoDatabase
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

from segue_core.contract import Env
from segue_core.contract.environment import SettingsError
from segue_core.errors import OutageError
from segue_core.settings import MongoSettings

Document = dict[str, Any]
Database = MongoDatabase[Document]
_NAMESPACE_EXISTS = 48
_IDS_A_QUERY = 50
"""The embedded server compares each document with every id of an ``$in``: 7,400 ids/s with 50, 1,900/s with 500."""


class Collection(StrEnum):
    """Names of the collections."""

    TRACKS = "tracks"
    REJECTED = "rejected"
    MODELS = "models"
    ASSIGNMENTS = "assignments"
    PRESENCE = "presence"
    MODEL_VECTORS = "model_vectors"
    CONTENT_MARKS = "content_marks"
    RESERVATIONS = "reservations"
    CATALOGUES = "catalogues"
    EVENTS = "events"
    PROFILES = "profiles"
    POSITIONS = "positions"
    KEYS = "keys"
    SESSIONS = "sessions"
    SCHEMA = "schema"


INDEXES: dict[Collection, list[IndexModel]] = {
    # None for tracks: `of_catalogue` reads a catalogue by a range of _id, and each index cost the sink a quarter of its
    # speed (measured on the embedded server: 6,400 inserts/s without, 3,200 with two).
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
    Collection.MODEL_VECTORS: [
        IndexModel([("model", ASCENDING)], name="model"),
    ],
    Collection.PRESENCE: [
        IndexModel([("catalogue", ASCENDING), ("hidden", ASCENDING)], name="catalogue_hidden"),
        IndexModel([("catalogue", ASCENDING), ("sources.name", ASCENDING)], name="catalogue_source"),
    ],
    Collection.RESERVATIONS: [
        IndexModel([("runUid", ASCENDING)], name="run", unique=True),
    ],
    Collection.SESSIONS: [
        IndexModel([("key", ASCENDING)], name="key"),
    ],
    Collection.EVENTS: [
        IndexModel([("catalogue", ASCENDING), ("user", ASCENDING), ("time", ASCENDING)], name="listener_time"),
    ],
}


def connect(
    settings: MongoSettings, *, timeout_seconds: float = 30.0, answer_seconds: float | None = None
) -> MongoClient[Document]:
    """A client whose writes are journalled and acknowledged by a majority, and that reads times with their zone.

    Parameters
    ----------
    timeout_seconds
        How long to look for a server.
    answer_seconds
        How long a command may take; by default there is no limit.

    Raises
    ------
    SettingsError
        The URI cannot be used.
    """
    try:
        return MongoClient(
            settings.uri,
            serverSelectionTimeoutMS=int(timeout_seconds * 1000),
            socketTimeoutMS=None if answer_seconds is None else int(answer_seconds * 1000),
            appname="segue",
            w="majority",
            journal=True,
            tz_aware=True,
        )
    except (PyMongoError, ValueError) as error:
        # the error may quote the URI, and so a password
        raise SettingsError(f"{Env.MONGODB_URI} cannot be used ({type(error).__name__}): check its options") from None


def database(client: MongoClient[Document], settings: MongoSettings) -> Database:
    """Segue's database with the durable write concern."""
    return client.get_database(settings.database, write_concern=WriteConcern(w="majority", j=True))


def of_catalogue(catalogue: str) -> Document:
    """Filter for one catalogue's documents in ``tracks``: a range of ``_id``, which needs no other index."""
    return {"_id": {"$gte": f"{catalogue}:", "$lt": f"{catalogue};"}, "catalogue": catalogue}


def find_by_ids(
    collection: MongoCollection[Document],
    ids: Iterable[str],
    projection: Sequence[str] | None,
    session: ClientSession | None = None,
) -> Iterator[Document]:
    """The documents with these ids that exist, in small queries: the projected fields, or all fields for None."""
    remaining = iter(ids)
    while chunk := list(islice(remaining, _IDS_A_QUERY)):
        fields = None if projection is None else list(projection)
        yield from collection.find({"_id": {"$in": chunk}}, fields, session=session, batch_size=_IDS_A_QUERY + 1)


def _create(target: Database, name: str) -> None:
    """Create a collection in advance: in a transaction, this would conflict with another program doing the same."""
    try:
        target.create_collection(name, check_exists=False)
    except OperationFailure as error:
        if error.code != _NAMESPACE_EXISTS:  # another program was faster
            raise


def ensure_indexes(target: Database) -> None:
    """Create missing collections and indexes; several programs may do so at once.

    Raises
    ------
    OutageError
        The database does not answer.
    """
    try:
        for name in set(Collection) - set(target.list_collection_names()):
            _create(target, name)
        for collection, indexes in INDEXES.items():
            target[collection].create_indexes(indexes)
    except ConnectionFailure as error:
        hosts = ", ".join(
            f"{host}:{port}" for host, port in sorted(target.client.topology_description.server_descriptions())
        )
        raise OutageError(
            f"MongoDB at {hosts} does not answer: is it running, and is {Env.MONGODB_URI} right?"
        ) from error
