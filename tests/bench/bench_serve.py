"""Speed of a recommender in a service: python tests/bench/bench_serve.py [tracks ...], or make bench-serve.

Prints the processor time of each kind of question on one core with one BLAS thread, as a service should run, beside
what the same question costs the usual way: compare with every track, explain every hit on its own. Then the recall of
an exact search, the memory, the cost of tracks that come and go, and of a journey.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from segue_core.recommend.listener_view import ListenerView
from segue_core.recommend.question import PROBES
from segue_core.recommend.recommender import Recommender
from segue_core.similarity.cosines import exact_cosines
from support.serving import large_catalogue, stored_like

SIZES = (106_574, 1_000_000)
QUESTIONS = 200
NAIVE = 10
RECALL_QUERIES = 200
ARRIVALS, ARRIVALS_AT_ONCE = 50_000, 100
TARGETS = {
    "similar": ((2, 5), (6, 12)),
    "listener": ((8, 15), (20, 40)),
    "200 likes": ((12, 25), (30, 60)),
}


def milliseconds(ask: Callable[[int], object], questions: int) -> tuple[float, float]:
    """Median and 99th percentile of this thread's processor time."""
    times = []
    for number in range(-5, questions):
        start = time.thread_time()
        ask(number % questions)
        times.append(1000 * (time.thread_time() - start))
    median, high = np.percentile(times[5:], (50, 99))
    return float(median), float(high)


class Naive:
    """The usual way: one product with the whole matrix, one sort, and an explanation a hit."""

    def __init__(self, recommender: Recommender) -> None:
        self._space = recommender.space
        self.vectors = recommender.space.index.vectors(np.arange(len(recommender.tracks)))

    def ask(self, likes: list[int], dislikes: list[int]) -> list[tuple[int, dict[str, float]]]:
        """Twenty rows nearest to any like, less what is nearer to a dislike, with the families' shares of each."""
        score = (self.vectors @ self.vectors[likes].T).max(axis=1)
        if dislikes:
            score[(self.vectors @ self.vectors[dislikes].T).max(axis=1) > score] = -1.0
        score[likes + dislikes] = -1.0
        rows = np.argsort(-score)[:20].tolist()
        return [(row, self._explain(row, likes)) for row in rows]

    def _explain(self, row: int, likes: list[int]) -> dict[str, float]:
        seed = likes[int(np.argmax(self.vectors[likes] @ self.vectors[row]))]
        products = self.vectors[seed].astype(np.float64) * self.vectors[row]
        return {name: float(products[place].sum() / products.sum()) for name, place in self._space.slices.items()}


def listeners(recommender: Recommender, *, likes: int, dislikes: int, plays: int) -> list[ListenerView]:
    """Listeners of five genres each; one dislike in five is of a genre that they like."""
    random = np.random.default_rng(3)
    genres = recommender.tracks.genres
    views = []
    for _ in range(QUESTIONS):
        own = random.choice(len(recommender.tracks.names.genres), size=5, replace=False)
        rows = np.flatnonzero(np.isin(genres, own))
        picked = random.choice(rows, size=likes + plays + dislikes // 5, replace=False)
        others = random.integers(len(genres), size=dislikes - dislikes // 5)
        ids = [f"{row:07d}" for row in picked]
        views.append(
            ListenerView(
                likes=tuple(ids[:likes]),
                plays=dict.fromkeys(ids[likes : likes + plays], 1.5),
                dislikes=tuple(ids[likes + plays :]) + tuple(f"{row:07d}" for row in others),
                session=tuple(ids[likes : likes + min(plays, 8)]),
            )
        )
    return views


def line(
    name: str, found: tuple[float, float], target: tuple[int, int] | None = None, naive: float | None = None
) -> None:
    """Print one row of the table."""
    wanted = f"{target[0]:3d} / {target[1]:3d}" if target else ""
    ratio = f"{naive:8.1f}  {naive / found[0]:5.1f}x" if naive else ""
    print(f"  {name:34s} {found[0]:7.2f} / {found[1]:7.2f}   {wanted:9s} {ratio}")


def questions(recommender: Recommender, size: int) -> None:
    """Print the times of the questions."""
    column = 0 if size <= 200_000 else 1
    naive = Naive(recommender)
    rows = np.random.default_rng(2).integers(size, size=QUESTIONS).tolist()
    line("one product with the matrix", milliseconds(lambda number: naive.vectors @ naive.vectors[number], 20))
    print(f"  {'question':34s} {'ms p50 / p99':>17s}   {'target':9s} {'naive':>8s}  {'ratio':>6s}")
    usual = milliseconds(lambda number: naive.ask([rows[number]], []), NAIVE)[0]
    similar = milliseconds(lambda number: recommender.similar(f"{rows[number]:07d}", limit=20), QUESTIONS)
    line("similar, 20 hits", similar, TARGETS["similar"][column], usual)
    for name, title, counts in (
        ("listener", "30 likes, 10 dislikes, 200 plays", {"likes": 30, "dislikes": 10, "plays": 200}),
        ("200 likes", "200 likes", {"likes": 200, "dislikes": 0, "plays": 0}),
    ):
        views = listeners(recommender, **counts)
        prepared = [recommender.prepare(view) for view in views]
        seeds = [[int(one) for one in (*view.likes, *view.plays)] for view in views]
        against = [[int(one) for one in view.dislikes] for view in views]
        usual = milliseconds(lambda number, s=seeds, a=against: naive.ask(s[number], a[number]), NAIVE)[0]
        answers = milliseconds(lambda number, p=prepared: recommender.for_listener(p[number]), QUESTIONS)
        line(title, answers, TARGETS[name][column], usual)
        line("  preparing it, once a change", milliseconds(lambda number, v=views: recommender.prepare(v[number]), 50))
        played = milliseconds(lambda number, v=views, p=prepared: recommender.prepare(v[number], p[number]), 50)
        line("  preparing it again, same tastes", played)
        print(f"    tastes: {np.mean([len(one.tastes) for one in prepared]):.1f} on average")


def recall(recommender: Recommender) -> float:
    """Share of the exact 50 nearest rows that a search finds."""
    index = recommender.space.index
    rows = np.random.default_rng(4).integers(len(index), size=RECALL_QUERIES)
    vectors = index.vectors(np.arange(len(index)))
    found = 0
    for row in rows:
        query = index.vectors(np.array([row]))[0]
        near = np.argpartition(-(vectors @ query), 60)[:60]
        exact = near[np.argsort(-exact_cosines(vectors[near], query))[:50]]
        found += len(np.intersect1d(exact, index.search(query, 50, probes=PROBES).rows))
    return found / (50 * len(rows))


def along_the_line(recommender: Recommender, start: int, end: int, count: int) -> float:
    """Largest hop of the usual way: points between both, and the nearest unused track to each."""
    index, chosen = recommender.space.index, [start]
    first, last = index.vectors(np.array([start, end]))
    angle = np.arccos(np.clip(first @ last, -1.0, 1.0))
    for share in np.linspace(0.0, 1.0, count)[1:-1]:
        point = (np.sin((1.0 - share) * angle) * first + np.sin(share * angle) * last) / np.sin(angle)
        denied = np.array(sorted({*chosen, end}))
        chosen.append(int(index.search(point.astype(np.float32), 1, probes=PROBES, denied=denied).rows[0]))
    way = index.vectors(np.array([*chosen, end]))
    return float((1.0 - exact_cosines(way[:-1], way[1:])).max())


def changes(recommender: Recommender) -> None:
    """Print what it costs to add and remove tracks, and what the dearest of many additions costs."""
    records = stored_like(1000)
    for count in (1, 100):
        versions = [recommender]

        def add(number: int, count: int = count, versions: list[Recommender] = versions) -> None:
            batch = records[(number * count) % 900 :][:count]
            versions.append(versions[-1].with_tracks(batch, [f"{number:07d}"]))

        line(f"add {count} and remove 1", milliseconds(add, 60))
    grown, times = recommender, []
    for number in range(ARRIVALS // ARRIVALS_AT_ONCE):
        batch = [
            msgspec.structs.replace(record, track_id=f"{number}-{record.track_id}")
            for record in records[:ARRIVALS_AT_ONCE]
        ]
        start = time.thread_time()
        grown = grown.with_tracks(batch)
        times.append(1000 * (time.thread_time() - start))
    print(
        f"  {ARRIVALS:,} arrivals, {ARRIVALS_AT_ONCE} at a time: {sum(times) / ARRIVALS:.2f} ms each, "
        f"the dearest addition {max(times):.0f} ms; the index has {len(grown.space.index.blocks)} blocks"
    )
    rows = np.random.default_rng(6).integers(len(recommender.tracks), size=QUESTIONS).tolist()
    line("similar, 20 hits, after these", milliseconds(lambda n: grown.similar(f"{rows[n]:07d}", limit=20), QUESTIONS))
    gone = [f"{row:07d}" for row in range(0, len(recommender.tracks), 7)]
    start = time.thread_time()
    grown = grown.with_tracks(removed=gone)
    print(f"  remove {len(gone):,} at once, with a copy of all others: {time.thread_time() - start:.2f} s")


def resident() -> float:
    """Memory of this process now, MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def measure(size: int) -> None:
    """Print everything for one size."""
    before, start = resident(), time.process_time()
    recommender = large_catalogue(size)
    print(f"\n{size:,} tracks x 97 dimensions; made in {time.process_time() - start:.1f} s of processor time")
    print(f"  memory {resident() - before:.0f} MB (target {400 if size <= 200_000 else 2200})")
    print(f"  recall of the exact 50 nearest {recall(recommender):.4f} (target 0.98)")
    questions(recommender, size)
    ends = np.random.default_rng(5).integers(size, size=(60, 2))
    hops: list[float] = []
    usual = [along_the_line(recommender, start, end, 12) for start, end in ends.tolist()]

    def walk(number: int) -> None:
        start, end = ends[number % 60]
        hops.append(recommender.path(f"{start:07d}", f"{end:07d}", 12).largest_hop)

    line("path of 12 tracks", milliseconds(walk, 60))
    print(f"    median largest hop {np.median(hops):.3f}; of points on the line {np.median(usual):.3f}")
    changes(recommender)


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tracks", nargs="*", type=int, default=list(SIZES))
    with threadpool_limits(limits=1, user_api="blas"):
        for size in parser.parse_args().tracks:
            measure(size)


if __name__ == "__main__":
    main()
