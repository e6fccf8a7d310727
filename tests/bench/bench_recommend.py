"""Time and memory of recommendations: python tests/bench/bench_recommend.py [tracks ...].

Prints the query's median and 99th percentile at FMA's sizes, with one BLAS thread, as a server should run: for one
query more threads only cost the time to wake them. With ``--load`` it also stores the tracks in an embedded database
and prints how long loading takes.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from segue_jobs.features.layout import LAYOUT
from segue_jobs.models import Assignment, CatalogueDocument, FamilyLayout, ModelDocument, model_key
from segue_jobs.recommend.catalogue import load_catalogue
from segue_jobs.recommend.filters import Filters, Range
from segue_jobs.recommend.recommender import Recommender
from segue_jobs.recommend.space import Space
from segue_jobs.recommend.tracks import Card, Tracks
from segue_jobs.records import to_document
from segue_jobs.runtime.mongodb import Collection, connect, database, ensure_indexes
from segue_jobs.runtime.settings import MongoSettings
from segue_jobs.similarity.aspects import ASPECTS
from segue_jobs.similarity.explain import family_slices
from segue_jobs.similarity.proximity import proximity_statistics
from segue_jobs.similarity.search import CellIndex, nearest_cells
from segue_operator.local.servers import MongoServer
from support.synthetic_model import CREATED, train_model
from support.synthetic_tracks import synthetic_tracks, track_document

SIZES = (8_000, 106_574)
QUERIES = 500
GENRES = 16
CELLS = 64


def catalogue(count: int) -> Recommender:
    """Synthetic tracks straight in memory, clustered around 64 centres."""
    random = np.random.default_rng(1)
    layout = [FamilyLayout(family=family, dimensions=names) for family, names in LAYOUT.items()]
    width = sum(len(part.dimensions) for part in layout)
    centres = random.normal(size=(CELLS, width)).astype(np.float32)
    vectors = centres[random.integers(CELLS, size=count)] + 1.5 * random.normal(size=(count, width)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    cells = nearest_cells(vectors, centres, 1)[:, 0]
    cards = [
        Card(
            track_id=f"{row:06d}", title=f"Track {row}", artist=f"Artist {row % (count // 6)}", album=None,
            genres=(f"Genre {row % GENRES}",), year=1950.0 + row % 70, tempo_bpm=60.0 + row % 120,
            duration_seconds=60.0 + row % 400, audio_sha256=f"{row:064x}",
        )
        for row in range(count)
    ]  # fmt: skip
    reference = vectors[:100]
    own = np.where(np.arange(count) < 100, np.arange(count), -1)
    return Recommender(
        "bench",
        "bench:1",
        tracks=Tracks(cards, cells, np.zeros(count, dtype=np.bool_)),
        space=Space(
            index=CellIndex(vectors, cells, centres),
            proximity=proximity_statistics(vectors, reference, own=own),
            reference=reference,
            aspects=random.normal(size=(count, len(ASPECTS))).astype(np.float32),
            slices=family_slices(layout),
        ),
    )


def percentiles(ask: Callable[[int], object], count: int) -> str:
    """Median and 99th percentile of many calls, milliseconds: by the clock, and of this thread's processor time.

    The two differ by what else the machine does.
    """
    rows = np.random.default_rng(2).integers(count, size=QUERIES + 20)
    times = []
    for row in rows:
        start = time.perf_counter(), time.thread_time()
        ask(int(row))
        times.append((1000 * (time.perf_counter() - start[0]), 1000 * (time.thread_time() - start[1])))
    (median, busy_median), (high, busy_high) = np.percentile(times[20:], (50, 99), axis=0)
    return f"p50 {median:6.2f}  p99 {high:6.2f} ms   processor p50 {busy_median:6.2f}  p99 {busy_high:6.2f} ms"


def query(count: int) -> None:
    """Print the times of several kinds of questions."""
    recommender = catalogue(count)
    filters = Filters(
        genres=("genre 3", "genre 5"), year=Range(1960, 2010), tempo_bpm=Range(80, 160), duration_seconds=Range(90, 400)
    )
    narrow = Filters(genres=("genre 3",), year=Range(1960, 1960))
    questions: dict[str, Callable[[int], object]] = {
        "similar": lambda row: recommender.similar(f"{row:06d}"),
        "similar, 4 filters": lambda row: recommender.similar(f"{row:06d}", filters=filters),
        "similar, narrow filters": lambda row: recommender.similar(f"{row:06d}", filters=narrow),
        "5 likes, 2 dislikes": lambda row: recommender.recommend(
            [f"{(row + step) % count:06d}" for step in range(5)], [f"{(row + step) % count:06d}" for step in (7, 9)]
        ),
    }
    print(f"{count} tracks x {recommender.space.reference.shape[1]} dimensions, {resident():.0f} MB resident")
    for name, ask in questions.items():
        print(f"  {name:24s} {percentiles(ask, count)}")


def resident() -> float:
    """Memory of this process now, MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def batches(documents: Iterator[dict[str, object]], size: int = 2000) -> Iterator[list[dict[str, object]]]:
    """Documents in lists."""
    batch: list[dict[str, object]] = []
    for document in documents:
        batch.append(document)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def load(count: int) -> None:
    """Store a catalogue in an embedded database, load it, print time and memory."""
    with tempfile.TemporaryDirectory() as folder, MongoServer(Path(folder)) as server:
        settings = MongoSettings(uri=server.uri)
        with connect(settings) as client:
            target = database(client, settings)
            ensure_indexes(target)
            model, assignments = train_model(list(synthetic_tracks("bench", 2000)), k=32)
            write(target, model, assignments)
            for batch in batches(map(track_document, synthetic_tracks("bench", count))):
                target[Collection.TRACKS].insert_many(batch)
            before, start = resident(), time.perf_counter()
            recommender = load_catalogue(target, "bench")
            seconds = time.perf_counter() - start
            print(
                f"load {len(recommender.tracks)} tracks from the embedded database: {seconds:.1f} s,"
                f" {resident() - before:.0f} MB more,"
                f" peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000:.0f} MB of the whole process"
            )


def write(target: object, model: ModelDocument, assignments: Sequence[Assignment]) -> None:
    """Publish a model."""
    key = model_key(model.catalogue, model.number)
    target[Collection.MODELS].insert_one({"_id": key, **to_document(model)})
    target[Collection.ASSIGNMENTS].insert_many(
        [{"_id": f"{key}:{entry.track_id}", **to_document(entry)} for entry in assignments]
    )
    pointer = CatalogueDocument(catalogue=model.catalogue, active_model=key, updated=CREATED)
    target[Collection.CATALOGUES].insert_one({"_id": model.catalogue, **to_document(pointer)})


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tracks", nargs="*", type=int, default=list(SIZES))
    parser.add_argument("--load", action="store_true", help="load from an embedded database instead of asking")
    arguments = parser.parse_args()
    with threadpool_limits(limits=1, user_api="blas"):
        for count in arguments.tracks:
            (load if arguments.load else query)(count)


if __name__ == "__main__":
    main()
