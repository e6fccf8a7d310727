"""Time and memory of recommendations: python tests/bench/bench_recommend.py [tracks ...].

Prints the query's median and 99th percentile at FMA's sizes, with one BLAS thread, as a server should run: for one
query more threads only cost the time to wake them. With ``--load`` it stores the tracks in an embedded database
instead, and prints how long loading takes, and how long ``segue recommend`` takes that finds no server running.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
from pymongo import MongoClient
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from segue.servers.embedded import MongoServer
from segue.state import State
from segue_core.recommend.catalogue import load_catalogue
from segue_core.recommend.filters import Filters, Range
from segue_core.settings import MongoSettings
from segue_core.store.assignments import write_assignments
from segue_core.store.content_marks import change_content
from segue_core.store.database import Collection, Document, connect, database, ensure_indexes
from segue_core.store.models import Assignment, CatalogueDocument, ModelDocument, model_key
from segue_core.store.records import to_document
from support.serving import large_catalogue
from support.synthetic_model import CREATED, train_model
from support.synthetic_tracks import synthetic_tracks, track_document

ItemT = TypeVar("ItemT")

SIZES = (8_000, 106_574)
QUERIES = 500


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
    recommender = large_catalogue(count)
    filters = Filters(
        genres=("genre 3", "genre 5"), year=Range(1960, 2010), tempo_bpm=Range(80, 160), duration_seconds=Range(90, 400)
    )
    narrow = Filters(genres=("genre 3",), year=Range(1960, 1960))
    questions: dict[str, Callable[[int], object]] = {
        "similar": lambda row: recommender.similar(f"{row:07d}"),
        "similar, 4 filters": lambda row: recommender.similar(f"{row:07d}", filters=filters),
        "similar, narrow filters": lambda row: recommender.similar(f"{row:07d}", filters=narrow),
        "5 likes, 2 dislikes": lambda row: recommender.recommend(
            [f"{(row + step) % count:07d}" for step in range(5)], [f"{(row + step) % count:07d}" for step in (7, 9)]
        ),
    }
    print(f"{count} tracks x {len(recommender.space.moments.mean)} dimensions, {resident():.0f} MB resident")
    for name, ask in questions.items():
        print(f"  {name:24s} {percentiles(ask, count)}")


def resident() -> float:
    """Memory of this process now, MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def children_seconds() -> float:
    """Processor time of the ended children, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def batched(items: Iterable[ItemT], size: int = 2000) -> Iterator[list[ItemT]]:
    """Lists of so many."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def load(count: int) -> None:
    """Store a catalogue in an embedded database, load it, ask it from the command line; print time and memory."""
    with tempfile.TemporaryDirectory() as folder:
        state = State(Path(folder))
        with MongoServer(state.mongodb) as server:
            settings = MongoSettings(uri=server.uri)
            with connect(settings) as client:
                target = database(client, settings)
                ensure_indexes(target)
                store(client, settings, count)
                before, start, spent = resident(), time.perf_counter(), time.process_time()
                served = server.processor_seconds() or 0.0
                recommender = load_catalogue(target, "bench")
                here = time.process_time() - spent
                there = (server.processor_seconds() or 0.0) - served
                print(
                    f"load {len(recommender.tracks)} tracks from the embedded database: "
                    f"{time.perf_counter() - start:.1f} s by the clock; "
                    f"processor time {here:.1f} s here, {there:.0f} s of the server; "
                    f"{resident() - before:.0f} MB more, "
                    f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000:.0f} MB of the whole process"
                )
        command = [sys.executable, "-m", "segue", "--state", folder, "recommend", "--catalogue", "bench", "--track"]
        for name in ("nothing saved", "saved", "saved"):
            start, spent = time.perf_counter(), children_seconds()
            subprocess.run([*command, "000005"], check=True, stdout=subprocess.DEVNULL)
            seconds = time.perf_counter() - start
            size = sum(path.stat().st_size for path in state.cache.iterdir()) / 1e6
            print(
                f"  segue recommend, no server running, {name}: {seconds:.1f} s by the clock; "
                f"processor time {children_seconds() - spent:.1f} s, its database's included; {size:.0f} MB saved"
            )


def store(client: MongoClient[Document], settings: MongoSettings, count: int) -> None:
    """Store tracks with an assignment each, as a batch and a run leave them."""
    target, trained = database(client, settings), 2000
    model, assignments = train_model(list(synthetic_tracks("bench", trained)), k=32)
    write(target, model, assignments)
    later = (
        msgspec.structs.replace(assignments[number % trained], track_id=record.track_id)
        for number, record in enumerate(islice(synthetic_tracks("bench", count), trained, None))
    )
    for batch in batched(later):
        write_assignments(client, settings, batch)
    for documents in batched(map(track_document, synthetic_tracks("bench", count))):
        target[Collection.TRACKS].insert_many(documents)
    change_content(target, "bench", "bench", lambda _session: None)


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
