"""A catalogue in a database, as commands that ask it find it: tracks, a model, a rejection."""

from __future__ import annotations

import msgspec
import pytest
from pymongo import MongoClient

from segue.__main__ import main
from segue_core.contract import Reason, Stage
from segue_core.settings import MongoSettings
from segue_core.store.database import Collection, Database, Document, database, ensure_indexes
from segue_core.store.models import CatalogueDocument, model_key
from segue_core.store.records import RejectedRecord, TrackRecord, rejected_key, to_document
from support.synthetic_model import CREATED, train_model
from support.synthetic_tracks import synthetic_tracks, track_document

TRACKS, GENRES = 120, 4
GENRE = [number % (TRACKS // 5) % GENRES for number in range(TRACKS)]
"""By track: each artist has five tracks and keeps to one genre."""


def detailed(record: TrackRecord) -> TrackRecord:
    """Years from 1970 to 2009, tempi from 60 BPM, durations from 60 s, all by the track's number."""
    number = int(record.track_id)
    return msgspec.structs.replace(
        record,
        source="hostPath/m usic",
        metadata=msgspec.structs.replace(record.metadata, year=1970 + number % 40),
        descriptors={"tempoBpm": 60.0 + number},
        audio=msgspec.structs.replace(record.audio, duration_seconds=60.0 + 2 * number),
    )


def store_catalogue(client: MongoClient[Document], settings: MongoSettings) -> Database:
    """Store the catalogue ``fma``."""
    target = database(client, settings)
    ensure_indexes(target)
    records = [detailed(record) for record in synthetic_tracks("fma", TRACKS, genres=GENRES)]
    target[Collection.TRACKS].insert_many([track_document(record) for record in records])
    model, assignments = train_model(records, k=5)
    target[Collection.MODELS].insert_one({"_id": model_key("fma", 1), **to_document(model)})
    target[Collection.ASSIGNMENTS].insert_many(
        [{"_id": f"fma:1:{entry.track_id}", **to_document(entry)} for entry in assignments]
    )
    pointer = CatalogueDocument(catalogue="fma", active_model="fma:1", updated=CREATED)
    target[Collection.CATALOGUES].insert_one({"_id": "fma", **to_document(pointer)})
    rejection = RejectedRecord(
        catalogue="fma", track_id="bad", batch="one", batch_uid="u1", shard=0, stage=Stage.DECODE,
        reason=Reason.DECODE_ERROR, path="bad\x1b[31m.mp3", message="no frame",
    )  # fmt: skip
    target[Collection.REJECTED].insert_one({"_id": rejected_key(rejection), **to_document(rejection)})
    return target


def ask(capsys: pytest.CaptureFixture[str], *command: str) -> str:
    """What a command prints; it must succeed."""
    assert main(list(command)) == 0
    return capsys.readouterr().out
