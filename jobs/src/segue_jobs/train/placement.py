"""Places tracks and writes their vectors and assignments: what a task of `assignment_tasks` does, without Spark.

It does not import MLlib, because every Python worker would load it, and pandas and scipy with it: that was measured as
two seconds of CPU time per worker.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from segue_core.contract import Exclusion
from segue_core.settings import MongoSettings
from segue_core.similarity.arrays import Singles
from segue_core.similarity.cosines import centre_distances, nearest_cells
from segue_core.similarity.proximity import MomentSums
from segue_core.store.assignments import write_assignments
from segue_core.store.database import connect, database
from segue_core.store.models import Assignment, model_key
from segue_core.store.vectors import VectorBlock, write_vectors
from segue_jobs.train import schema

BATCH_TRACKS = 2000


@dataclass(frozen=True)
class Placement:
    """What a task needs to place tracks and write their assignments."""

    settings: MongoSettings
    catalogue: str
    number: int
    centres: Singles
    """(k, d)"""

    @property
    def model(self) -> str:
        """Key of the model."""
        return model_key(self.catalogue, self.number)

    def place(self, track_ids: list[str], vectors: Singles) -> list[Assignment]:
        """Find the nearest centre of each track.

        Parameters
        ----------
        vectors
            (n, d) unit rows.
        """
        cells = nearest_cells(vectors, self.centres, 1)[:, 0]
        distances = centre_distances(vectors, self.centres, cells)
        return [
            Assignment(model=self.model, catalogue=self.catalogue, track_id=track_id, cluster=cell, distance=distance)
            for track_id, cell, distance in zip(track_ids, cells.tolist(), distances.tolist(), strict=True)
        ]

    def exclude(self, track_id: str, reason: Exclusion, message: str) -> Assignment:
        """Assignment of a track that is not in the model."""
        return Assignment(
            model=self.model, catalogue=self.catalogue, track_id=track_id, excluded=reason, message=message
        )


def blocks(batches: Iterable[pa.RecordBatch]) -> Iterator[VectorBlock]:
    """Batches with ``track_id``, ``unit`` and ``norm`` as arrays; empty ones are left out."""
    for batch in batches:
        if batch.num_rows:
            flat = batch.column(1).flatten().to_numpy(zero_copy_only=False)
            yield VectorBlock(
                track_ids=tuple(batch.column(0).to_pylist()),
                rows=flat.reshape(batch.num_rows, -1).astype(np.float32),
                norms=batch.column(2).to_numpy(zero_copy_only=False).astype(np.float32),
            )


def write_block(block: VectorBlock, placement: Placement) -> Counter[int | None]:
    """Write the vectors and assignments of a block; return the number of tracks in each cluster."""
    with connect(placement.settings) as client:
        write_vectors(database(client, placement.settings), placement.model, block)
    return write(placement.settings, placement.place(list(block.track_ids), block.rows))


def report(written: Counter[int | None], sums: MomentSums | None = None) -> pa.RecordBatch:
    """What was written and the sums over the vectors, as a batch with `schema.WRITTEN`."""
    parts: list[bytes | None] = [None] * len(written)
    if sums is not None and sums.tracks:
        parts[0] = np.concatenate((sums.total, sums.products.ravel())).tobytes()
    columns = {"cluster": list(written), "tracks": list(written.values()), "sums": parts}
    return pa.RecordBatch.from_pydict(columns, schema=schema.written_arrow())


def read_sums(tracks: int, width: int, parts: Iterable[bytes]) -> MomentSums:
    """Sums over all vectors, from those that the tasks report."""
    whole = np.zeros(width + width * width)
    for part in parts:
        whole += np.frombuffer(part, dtype=np.float64)
    return MomentSums(tracks, whole[:width], whole[width:].reshape(width, width))


def write(settings: MongoSettings, assignments: Iterable[Assignment]) -> Counter[int | None]:
    """Write assignments in batches; return the number for each cluster, and for None those excluded."""
    written: Counter[int | None] = Counter()
    batch: list[Assignment] = []
    with connect(settings) as client:
        for assignment in assignments:
            batch.append(assignment)
            written[assignment.cluster] += 1
            if len(batch) == BATCH_TRACKS:
                write_assignments(client, settings, batch)
                batch = []
        if batch:
            write_assignments(client, settings, batch)
    return written
