"""Whether profiles serve listeners: ``python tests/bench/bench_listeners.py [--listeners 300] [--tracks 5000]``.

Simulated listeners (`support.simulated_listeners` states how they choose) have a history of 90 days. Profiles and
baselines know the first 60; what follows judges them. Every method ranks the whole catalogue, less all tracks of all
artists that the listener has met (artist filter), with at most two tracks an artist. Printed of the best 20:

- hit rate: listeners who later play at least one of them;
- nDCG: with what is played later as relevant;
- skipped: of the tracks that the listener meets later, the share that is quickly skipped;
- worst taste: the share of the list that the least served of a listener's tastes gets;

and the profile's difference to each baseline with its 95 % interval, by a paired bootstrap over listeners.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from segue_core.contract import EventType
from segue_core.listeners.apply import apply
from segue_core.listeners.profile import Profile
from segue_core.listeners.view import view
from segue_core.recommend.listener_view import ListenerView
from segue_core.recommend.recommender import Recommender
from support.simulated_listeners import SPLIT, SimulatedListener, World, event_of, latent_space, time_of
from support.synthetic_model import assemble, train_model
from support.synthetic_tracks import synthetic_tracks

LIMIT = 20
ARTIST_CAP = 2
GENRES, CELLS = 24, 32
SAMPLES = 2_000


@dataclass(frozen=True)
class Case:
    """A listener, and what every method may and may not use."""

    listener: SimulatedListener
    profile: Profile
    told: ListenerView
    allowed: np.ndarray
    """(n,) tracks by artists that the listener has not met."""


@dataclass(frozen=True)
class Outcome:
    """What became of one list."""

    hit: float
    ndcg: float
    met: int
    skipped: int
    worst: float


class Bench:
    """The catalogue, its recommender and the listeners."""

    def __init__(self, tracks: int, listeners: int, seed: int) -> None:
        records = list(synthetic_tracks("fma", tracks, genres=GENRES, tracks_per_artist=2))
        model, assignments = train_model(records, k=CELLS)
        self.recommender: Recommender = assemble(model, assignments, records)
        self.ids = [self.recommender.tracks.ids[row] for row in range(tracks)]
        by_id = {record.track_id: record.metadata.artist for record in records}
        self.artists = np.unique([str(by_id[one]) for one in self.ids], return_inverse=True)[1]
        self.vectors = self.recommender.space.index.vectors(np.arange(tracks))
        random = np.random.default_rng(seed)
        self.world = World(latent_space(self.vectors, random), random)
        self.cases = [self._case(self.world.listener(number)) for number in range(listeners)]
        self.popular = np.zeros(tracks)
        for case in self.cases:
            for step in case.listener.before():
                self.popular[step.row] += step.kind is EventType.PLAY

    def _case(self, listener: SimulatedListener) -> Case:
        profile = Profile(catalogue="fma", user=listener.name)
        for number, step in enumerate(listener.before()):
            profile = apply(profile, event_of(number, step, listener, self.ids[step.row]))
        met = np.unique(self.artists[[step.row for step in listener.before()]])
        return Case(listener, profile, view(profile, time_of(SPLIT)), ~np.isin(self.artists, met))

    def ask(self, case: Case, told: ListenerView) -> list[int]:
        """The recommender's answer to a view, as rows."""
        exclude = [self.ids[row] for row in np.flatnonzero(~case.allowed)]
        answer = self.recommender.for_listener(told, limit=LIMIT, artist_cap=ARTIST_CAP, exclude=exclude)
        return [self.recommender.tracks.row_of[hit.track_id] for hit in answer.hits]

    def best(self, case: Case, scores: np.ndarray) -> list[int]:
        """The allowed rows with the highest scores, with the artist cap."""
        taken: dict[int, int] = {}
        chosen: list[int] = []
        for row in np.argsort(-np.where(case.allowed, scores, -np.inf), kind="stable").tolist():
            artist = int(self.artists[row])
            if taken.get(artist, 0) < ARTIST_CAP:
                taken[artist] = taken.get(artist, 0) + 1
                chosen.append(row)
            if len(chosen) == LIMIT:
                break
        return chosen

    def judge(self, case: Case, rows: Sequence[int]) -> Outcome:
        """Compare a list with what the listener does after the split."""
        after = case.listener.after()
        played = {step.row for step in after if step.kind is EventType.PLAY}
        skipped = {step.row for step in after if step.kind is EventType.SKIP and (step.position_ms or 0) < 30_000}
        relevant = {row for row in played if case.allowed[row]}
        gains = np.array([row in relevant for row in rows], dtype=float)
        discounts = 1 / np.log2(np.arange(2, LIMIT + 2))
        ideal = discounts[: min(len(relevant), LIMIT)].sum()
        tastes = self.world.nearest_taste(np.array(rows), case.listener.tastes)
        shares = np.bincount(tastes, minlength=len(case.listener.tastes)) / len(rows)
        return Outcome(
            hit=float(gains.any()),
            ndcg=float((gains * discounts[: len(rows)]).sum() / ideal) if ideal else 0.0,
            met=sum(row in played or row in skipped for row in rows),
            skipped=sum(row in skipped and row not in played for row in rows),
            worst=float(shares.min()),
        )


def _last_play(bench: Bench, case: Case) -> list[int]:
    last = max((step.day, step.row) for step in case.listener.before() if step.kind is EventType.PLAY)[1]
    return bench.best(case, bench.vectors @ bench.vectors[last])


def _mean(bench: Bench, case: Case) -> list[int]:
    chosen = (EventType.PLAY, EventType.LIKE)
    rows = [step.row for step in case.listener.before() if step.kind in chosen]
    return bench.best(case, bench.vectors @ bench.vectors[rows].mean(axis=0))


METHODS: dict[str, Callable[[Bench, Case], list[int]]] = {
    "profile": lambda bench, case: bench.ask(case, case.told),
    "popularity": lambda bench, case: bench.best(case, bench.popular),
    "last play's neighbours": _last_play,
    "likes only": lambda bench, case: bench.ask(case, ListenerView(likes=case.told.likes)),
    "mean of all": _mean,
}


def _measures(outcomes: Sequence[Outcome]) -> np.ndarray:
    """(n, 5) hit, nDCG, worst taste, skipped, met of each listener."""
    return np.array([(one.hit, one.ndcg, one.worst, one.skipped, one.met) for one in outcomes], dtype=float)


def _summary(values: np.ndarray) -> np.ndarray:
    """(..., 4) hit rate, nDCG, worst taste, skipped share of (..., n, 5)."""
    means = values.mean(axis=-2)
    return np.concatenate((means[..., :3], means[..., 3:4] / np.maximum(means[..., 4:5], 1e-9)), axis=-1)


def main(tracks: int, listeners: int, seed: int) -> None:
    """Print the measures of every method, and the intervals of the differences."""
    bench = Bench(tracks, listeners, seed)
    measured = {
        name: _measures([bench.judge(case, method(bench, case)) for case in bench.cases])
        for name, method in METHODS.items()
    }
    print(f"{listeners} listeners, {tracks} tracks, seed {seed}, best {LIMIT}")
    print(f"{'':24}{'hit rate':>10}{'nDCG':>10}{'worst taste':>13}{'skipped':>10}{'met':>8}")
    for name, values in measured.items():
        hit, ndcg, worst, skipped = _summary(values)
        print(f"{name:24}{hit:10.3f}{ndcg:10.4f}{worst:13.3f}{skipped:10.3f}{int(values[:, 4].sum()):8}")
    chance = np.random.default_rng(seed)
    drawn = chance.integers(listeners, size=(SAMPLES, listeners))
    print("\nprofile minus baseline, 95 % interval")
    for name in list(METHODS)[1:]:
        differences = _summary(measured["profile"][drawn]) - _summary(measured[name][drawn])
        low, high = np.percentile(differences, (2.5, 97.5), axis=0)
        parts = ("hit rate", "nDCG", "worst taste", "skipped")
        print(
            f"{name:24}"
            + "  ".join(f"{part} {a:+.3f} to {b:+.3f}" for part, a, b in zip(parts, low, high, strict=True))
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tracks", type=int, default=5_000)
    parser.add_argument("--listeners", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with threadpool_limits(1):
        main(given.tracks, given.listeners, given.seed)
