"""Size and time of a version's own vectors: python tests/bench/bench_model_vectors.py [TRACKS] [--load].

On an embedded database: writing the vectors as the tasks of a training do, and reading them. With ``--load`` also
loading the version when all its tracks fit it and when all were extracted again with another recipe, and comparing.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from segue.servers.embedded import MongoServer
from segue_core.contract import ANALYSED_FAMILIES
from segue_core.features.layout import LAYOUT
from segue_core.recommend.catalogue import load_catalogue
from segue_core.recommend.model_diff import Side, diff_models
from segue_core.settings import MongoSettings
from segue_core.similarity.scaling import Scaling
from segue_core.store.assignments import write_assignments
from segue_core.store.database import Collection, Database, connect, database, ensure_indexes
from segue_core.store.model_versions import publish
from segue_core.store.models import FamilyLayout, ModelDocument
from segue_core.store.records import TrackRecord
from segue_core.store.vectors import VectorBlock, read_vectors, write_vectors
from support.synthetic_model import raw_matrix, to_unit, train_model, unit_rows
from support.synthetic_tracks import store_tracks, synthetic_tracks
from support.trained_model import model_document

BLOCK = 10_000
"""Tracks that a task of a training gets at once."""
ASSIGNMENTS = 2000
WIDTH = sum(map(len, LAYOUT.values()))


@contextmanager
def timed(what: str) -> Iterator[None]:
    start, busy = time.perf_counter(), time.process_time()
    yield
    wall, own = time.perf_counter() - start, time.process_time() - busy
    print(f"  {what:40s} {wall:6.2f} s   processor of this process {own:6.2f} s", flush=True)


def blocks(model: ModelDocument, records: list[TrackRecord]) -> Iterator[VectorBlock]:
    raw, scaling = raw_matrix(records, ANALYSED_FAMILIES), Scaling.from_model(model.scaler)
    norms = np.linalg.norm(scaling.standardise(raw) * scaling.weights, axis=1).astype(np.float32)
    rows, ids = to_unit(model.scaler, raw).rows, tuple(record.track_id for record in records)
    for start in range(0, len(ids), BLOCK):
        part = slice(start, start + BLOCK)
        yield VectorBlock(ids[part], rows[part], norms[part])


def size(target: Database) -> float:
    found = target[Collection.MODEL_VECTORS].aggregate([{"$project": {"size": {"$bsonSize": "$$ROOT"}}}])
    return sum(entry["size"] for entry in found) / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tracks", nargs="?", type=int, default=20_000)
    parser.add_argument("--load", action="store_true", help="also load and compare versions")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, MongoServer(Path(folder)) as server:
        settings = MongoSettings(uri=server.uri)
        with connect(settings) as client:
            target = database(client, settings)
            ensure_indexes(target)
            vectors(target, arguments.tracks)
            if arguments.load:
                load(target, settings, arguments.tracks)


def vectors(target: Database, tracks: int) -> None:
    """Write and read vectors."""
    rows = unit_rows(tracks, WIDTH)
    norms, ids = np.full(tracks, 9, dtype=np.float32), [f"{row:06d}" for row in range(tracks)]
    parts = [slice(start, start + BLOCK) for start in range(0, tracks, BLOCK)]
    print(f"{tracks:,} tracks x {WIDTH} dimensions")
    with timed("vectors written"):
        chunks = sum(
            write_vectors(target, "vectors:1", VectorBlock(tuple(ids[part]), rows[part], norms[part])) for part in parts
        )
    print(f"  {chunks} documents, {size(target):.1f} MB")
    layout = tuple(FamilyLayout(family=family, dimensions=names) for family, names in LAYOUT.items())
    model = model_document(1, catalogue="vectors", layout=layout, tracks=tracks, vector_chunks=chunks)
    with timed("vectors read"):
        assert sum(len(block.track_ids) for block in read_vectors(target, model)) == tracks


def load(target: Database, settings: MongoSettings, tracks: int) -> None:
    """Load a version from its tracks and from its vectors, and compare the two."""
    records = list(synthetic_tracks("bench", tracks))
    store_tracks(settings, records)
    model, assignments = train_model(records, k=32)
    chunks = sum(write_vectors(target, model.key, part) for part in blocks(model, records))
    with timed("assignments written"), connect(settings) as client:
        for start in range(0, tracks, ASSIGNMENTS):
            write_assignments(client, settings, assignments[start : start + ASSIGNMENTS])
    model = publish(target, msgspec.structs.replace(model, vector_chunks=chunks))
    with timed("loaded, all tracks fit"):
        before = load_catalogue(target, "bench", 1)
    target[Collection.TRACKS].update_many({}, {"$set": {"recipe": "recipe-2"}})
    with timed("loaded, all tracks of another recipe"):
        after = load_catalogue(target, "bench", 1)
    with timed("the two compared, 200 seeds"):
        diff = diff_models(Side(model, before), Side(model, after))
    print(f"  overlap {diff.overlap}")


if __name__ == "__main__":
    main()
