"""Placing tracks and writing where they went: what a task of `assignments` does. Nothing here knows Spark.

MLlib's Python modules stay out, as every Python worker would load them, and pandas and scipy with them: measured, that
was two seconds of processor a worker.

A transaction's inserts are journalled before it is acknowledged and, on the embedded server, four times as fast as
upserts (6,000/s and 1,500/s); where one finds documents of a task's earlier attempt, that batch is upserted instead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pymongo import MongoClient, ReplaceOne
from pymongo.errors import BulkWriteError

from segue_jobs.contract import Exclusion
from segue_jobs.models import Assignment, model_key
from segue_jobs.records import to_document
from segue_jobs.runtime.mongodb import Collection, Document, connect, database
from segue_jobs.runtime.settings import MongoSettings
from segue_jobs.similarity.arrays import Singles
from segue_jobs.similarity.proximity import proximity_statistics
from segue_jobs.similarity.search import centre_distances, nearest_cells

BATCH_TRACKS = 2000
_DUPLICATE_KEY = 11000


@dataclass(frozen=True)
class Placement:
    """What a task needs to place tracks and to write where they went."""

    settings: MongoSettings
    catalogue: str
    number: int
    centres: Singles
    """(k, d)"""
    reference_ids: tuple[str, ...]
    reference: Singles
    """(r, d) unit rows."""

    @property
    def model(self) -> str:
        """Key of the model."""
        return model_key(self.catalogue, self.number)

    def place(self, track_ids: list[str], vectors: Singles) -> list[Assignment]:
        """Nearest centre and usual distances of each track.

        Parameters
        ----------
        vectors
            (n, d) unit rows.
        """
        cells = nearest_cells(vectors, self.centres, 1)[:, 0]
        distances = centre_distances(vectors, self.centres, cells)
        places = {track_id: index for index, track_id in enumerate(self.reference_ids)}
        own = np.array([places.get(track_id, -1) for track_id in track_ids], dtype=np.intp)
        usual = proximity_statistics(vectors, self.reference, own=own)
        return [
            Assignment(
                model=self.model, catalogue=self.catalogue, track_id=track_id, cluster=int(cell),
                distance=float(distance), proximity_mean=float(mean), proximity_deviation=float(deviation),
            )
            for track_id, cell, distance, mean, deviation in zip(
                track_ids, cells, distances, usual.mean, usual.deviation, strict=True
            )
        ]  # fmt: skip

    def exclude(self, track_id: str, reason: Exclusion, message: str) -> Assignment:
        """Assignment of a track that is not in the model."""
        return Assignment(
            model=self.model, catalogue=self.catalogue, track_id=track_id, excluded=reason, message=message
        )


def place_all(batches: Iterable[pa.RecordBatch], placement: Placement) -> Iterator[Assignment]:
    """Assignments of the tracks in batches of ``track_id`` and ``unit``."""
    for batch in batches:
        flat = batch.column(1).flatten().to_numpy(zero_copy_only=False)
        vectors = flat.reshape(batch.num_rows, -1).astype(np.float32)
        yield from placement.place(batch.column(0).to_pylist(), vectors)


def report(written: Counter[int | None]) -> pa.RecordBatch:
    """What was written as a batch by `schema.WRITTEN`."""
    columns = {"cluster": list(written), "tracks": list(written.values())}
    return pa.RecordBatch.from_pydict(columns, schema=pa.schema([("cluster", pa.int32()), ("tracks", pa.int32())]))


def write(settings: MongoSettings, assignments: Iterable[Assignment]) -> Counter[int | None]:
    """Write assignments in batches; returns how many went to each cluster, None for excluded ones."""
    written: Counter[int | None] = Counter()
    batch: list[Assignment] = []
    with connect(settings) as client:
        for assignment in assignments:
            batch.append(assignment)
            written[assignment.cluster] += 1
            if len(batch) == BATCH_TRACKS:
                _write_batch(client, settings, batch)
                batch = []
        if batch:
            _write_batch(client, settings, batch)
    return written


def _write_batch(client: MongoClient[Document], settings: MongoSettings, batch: list[Assignment]) -> None:
    documents = [{"_id": f"{entry.model}:{entry.track_id}", **to_document(entry)} for entry in batch]
    target = database(client, settings)
    collection = client.get_database(settings.database)[Collection.ASSIGNMENTS]
    with client.start_session() as session:
        try:
            session.with_transaction(
                lambda own: collection.insert_many(documents, ordered=False, session=own),
                write_concern=target.write_concern,
            )
        except BulkWriteError as error:
            if any(entry["code"] != _DUPLICATE_KEY for entry in error.details["writeErrors"]):
                raise
            upserts = [ReplaceOne({"_id": document["_id"]}, document, upsert=True) for document in documents]
            session.with_transaction(
                lambda own: collection.bulk_write(upserts, ordered=False, session=own),
                write_concern=target.write_concern,
            )
