"""How well tastes are told apart: python tests/bench/bench_tastes.py [tracks].

Simulated listeners like some tracks of one to three genres. Prints the number of tastes, the share of the listener's
genres in a list of 20, and the share of the genre that is heard least, for tastes and for one mean vector of all likes.
The first catalogue has genres that are far apart, the second ones that overlap as in real music.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from segue_core.recommend.listener_view import ListenerView
from segue_core.recommend.recommender import Recommender
from segue_core.recommend.tastes import centre
from support.serving import large_catalogue
from support.simulated_catalogue import catalogue, records
from support.synthetic_model import assemble, train_model

LISTENERS = 100
GENRES = 16
LIKES = 6
OVERLAPPING = 3_000


@dataclass(frozen=True)
class Measures:
    """Means over listeners."""

    precision: float
    """Share of hits of a genre that the listener likes."""
    weakest: float
    """Share of the list that the least heard genre has."""


def measure(lists: list[np.ndarray], wanted: list[np.ndarray], genres: np.ndarray) -> Measures:
    """Compare lists of rows with the genres that are wanted."""
    shares = [[(genres[rows] == genre).mean() for genre in kinds] for rows, kinds in zip(lists, wanted, strict=True)]
    return Measures(float(np.mean([sum(one) for one in shares])), float(np.mean([min(one) for one in shares])))


def mean_vector(recommender: Recommender, rows: np.ndarray) -> np.ndarray:
    """The twenty rows nearest to the mean of all likes."""
    index = recommender.space.index
    return index.search(centre(index.vectors(rows)), 20, denied=np.sort(rows), probes=64).rows


def compare(recommender: Recommender, kinds: int) -> None:
    """Print one row: listeners of so many genres; the first likes half as many again, the last a third as many."""
    random = np.random.default_rng(kinds)
    genres, row_of = recommender.tracks.genres, recommender.tracks.row_of
    ours, means, wanted, tastes = [], [], [], []
    for _ in range(LISTENERS):
        own = random.choice(len(recommender.tracks.names.genres), size=kinds, replace=False)
        counts = [round(LIKES * weight) for weight in np.linspace(1.5, 0.34, kinds)] if kinds > 1 else [LIKES]
        rows = np.concatenate(
            [random.choice(np.flatnonzero(genres == kind), size=size, replace=False)
             for kind, size in zip(own, counts, strict=True)]
        )  # fmt: skip
        answer = recommender.for_listener(ListenerView(likes=tuple(recommender.tracks.ids_of(rows))))
        ours.append(np.array([row_of[hit.track_id] for hit in answer.hits]))
        means.append(mean_vector(recommender, rows))
        wanted.append(own)
        tastes.append(len(answer.tastes))
    for name, lists in (("tastes", ours), ("mean vector", means)):
        found = measure(lists, wanted, genres)
        number = f"{np.mean(tastes):.2f}" if name == "tastes" else ""
        print(
            f"  {kinds} genres  {name:12s} {number:>6s}  precision {found.precision:.3f}  weakest {found.weakest:.3f}"
        )


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tracks", nargs="?", type=int, default=20_000)
    with threadpool_limits(limits=1, user_api="blas"):
        tracks = parser.parse_args().tracks
        print(f"{tracks} tracks, {GENRES} genres far apart")
        recommender = large_catalogue(tracks, GENRES)
        for kinds in (1, 2, 3):
            compare(recommender, kinds)
        print(f"{OVERLAPPING} tracks, genres that overlap")
        overlapping = records(catalogue(OVERLAPPING, seed=3))
        recommender = assemble(*train_model(overlapping, k=8), overlapping)
        for kinds in (1, 2, 3):
            compare(recommender, kinds)


if __name__ == "__main__":
    main()
