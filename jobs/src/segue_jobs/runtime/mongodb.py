"""The database: its collections, their indexes and the write concern, declared in one place.

==============  =========================  ==================================================
collection      ``_id``                    holds
==============  =========================  ==================================================
tracks          ``<catalogue>:<id>``       newest record of a track (`records.TrackRecord`)
rejected        ``<batch uid>:<id>``,      rejections (`records.RejectedRecord`); the sink's own name the Kafka record
                ``sink:<Kafka record>``    and keep its bytes
models          ``<catalogue>:<number>``   immutable model versions
assignments     ``<model>:<track id>``     a track's cluster in a model, or why it has none
reservations    ``<catalogue>:<number>``   which training run may publish that model version
catalogues      ``<catalogue>``            pointer to the active model
events          ``<Kafka record>``         likes, plays, skips (`records.EventRecord`)
==============  =========================  ==================================================

A Kafka record is named ``<topic>:<partition>:<offset>:<timestamp>``. What the sink wrote carries its record's position
as ``kafka``: ``{topic, partition, offset, timestamp}``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import islice
from typing import Any

from pymongo import ASCENDING, IndexModel, MongoClient, WriteConcern
from pymongo.client_session import ClientSession
from pymongo.collection import Collection as MongoCollection
from pymongo.database import Database
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

from segue_jobs.contract import Env
from segue_jobs.runtime.program import ProgramError
from segue_jobs.runtime.settings import MongoSettings, SettingsError

Document = dict[str, Any]
_NAMESPACE_EXISTS = 48
_IDS_A_QUERY = 50
"""The embedded server compares each document with every id of an ``$in``: 7,400 ids/s by 50, 1,900/s by 500."""


class Collection(StrEnum):
    """Names of the collections."""

    TRACKS = "tracks"
    REJECTED = "rejected"
    MODELS = "models"
    ASSIGNMENTS = "assignments"
    RESERVATIONS = "reservations"
    CATALOGUES = "catalogues"
    EVENTS = "events"


INDEXES: dict[Collection, list[IndexModel]] = {
    # None for tracks: `of_catalogue` reads a catalogue by ranges of _id, and each index more cost the sink a quarter
    # of its speed (measured on the embedded server: 6,400 inserts/s with none, 3,200 with two).
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
    Collection.RESERVATIONS: [
        IndexModel([("runUid", ASCENDING)], name="run", unique=True),
    ],
    Collection.EVENTS: [
        IndexModel([("catalogue", ASCENDING), ("user", ASCENDING)], name="catalogue_user"),
    ],
}


def connect(
    settings: MongoSettings, *, timeout_seconds: float = 30.0, answer_seconds: float | None = None
) -> MongoClient[Document]:
    """Client whose writes are acknowledged by a majority and journalled; times it reads know their zone.

    Parameters
    ----------
    settings
        Which server.
    timeout_seconds
        How long to look for the server.
    answer_seconds
        How long one command may take; no limit unless given.

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
        # the error's text may quote the URI, and with it a password
        raise SettingsError(f"{Env.MONGODB_URI} cannot be used ({type(error).__name__}): check its options") from None


def database(client: MongoClient[Document], settings: MongoSettings) -> Database[Document]:
    """Segue's database with the durable write concern."""
    return client.get_database(settings.database, write_concern=WriteConcern(w="majority", j=True))


def of_catalogue(catalogue: str) -> Document:
    """Filter for one catalogue's documents in ``tracks``: a range of ``_id``, which needs no index of its own."""
    return {"_id": {"$gte": f"{catalogue}:", "$lt": f"{catalogue};"}, "catalogue": catalogue}


def find_by_ids(
    collection: MongoCollection[Document],
    ids: Iterable[str],
    projection: Sequence[str],
    session: ClientSession | None = None,
) -> Iterator[Document]:
    """Those of the documents that exist, with ``_id`` and the projected fields, by queries of a few ids each."""
    remaining = iter(ids)
    while chunk := list(islice(remaining, _IDS_A_QUERY)):
        yield from collection.find(
            {"_id": {"$in": chunk}}, list(projection), session=session, batch_size=_IDS_A_QUERY + 1
        )


def _create(target: Database[Document], name: str) -> None:
    """Create a collection beforehand: inside a transaction it would conflict with another program's creation."""
    try:
        target.create_collection(name, check_exists=False)
    except OperationFailure as error:
        if error.code != _NAMESPACE_EXISTS:  # another program was faster
            raise


def ensure_indexes(target: Database[Document]) -> None:
    """Create the collections and indexes that are missing; safe to call from several programs at once.

    Raises
    ------
    ProgramError
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
        raise ProgramError(
            f"MongoDB at {hosts} does not answer: is it running, and is {Env.MONGODB_URI} right?"
        ) from error
