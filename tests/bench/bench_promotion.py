"""Whether promotions are decided right: bench_promotion.py [--worlds N] [--broken N] [--tracks N ...] [--music FOLDER].

Simulated catalogues (or the music in a folder) are trained again and again: on the same tracks with another seed, on a
catalogue that has grown, on features that have gone wrong in eleven ways, and on good ones while the active model was
trained on wrong ones. Prints how often the new model is refused.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.heard_catalogue import heard_catalogue
from support.simulated_catalogue import Tracks, Trained, catalogue, corruptions, decision, train

GROWTH = (0.05, 0.25, 1.0)
"""Tracks that are added, as a share of those that the active model was trained on."""


class Tally:
    """Counts refusals."""

    def __init__(self) -> None:
        self.refused: Counter[str] = Counter()
        self.all: Counter[str] = Counter()
        self.alarms: Counter[str] = Counter()

    def add(self, name: str, *, promoted: bool, alarm: bool) -> None:
        self.all[name] += 1
        self.refused[name] += not promoted
        self.alarms[name] += alarm

    def show(self, title: str) -> None:
        print(f"\n{title}\n{'':52}{'refused':>9}{'of':>6}{'alarms':>8}")
        for name, count in self.all.items():
            print(f"{name:52}{self.refused[name]:9}{count:6}{self.alarms[name]:8}")
        for kind in ("", "wrong features", "active model"):
            names = [name for name in self.all if (kind and name.startswith(kind)) or (not kind and ":" not in name)]
            refused, alarms, count = (sum(one[name] for name in names) for one in (self.refused, self.alarms, self.all))
            print(f"all: {kind or 'other seeds and growth':47}{refused:9}{count:6}{alarms:8}", flush=True)


def decide(tally: Tally, name: str, new: Trained, active: Trained) -> None:
    """Count one decision, and show one that is not as it should be."""
    found = decision(new, active)
    tally.add(name, promoted=found.promoted, alarm=bool(found.decay))
    if found.promoted == name.startswith("wrong"):
        print(f"unexpected, {name}: {found.reason}")


def measure_usual(tracks: Tracks, tally: Tally, seed: int) -> None:
    """What happens to every catalogue."""
    random = np.random.default_rng(seed)
    whole = train(tracks, 2, seed=seed)
    decide(tally, "same tracks, another seed", whole, train(tracks, 1, seed=seed + 1))
    for share in GROWTH:
        before = sorted(random.choice(len(tracks), size=round(len(tracks) / (1 + share)), replace=False).tolist())
        decide(tally, f"{share:.0%} more tracks", whole, train(tracks.take(before), 1))
    names = np.array([artist or "" for artist in tracks.artists])
    known = random.permutation(np.unique(names))[: round(0.8 * len(np.unique(names)))]
    decide(tally, "new artists, a fourth more", whole, train(tracks.take(np.flatnonzero(np.isin(names, known))), 1))


def measure_broken(tracks: Tracks, tally: Tally, seed: int) -> None:
    """What must not happen, and how it is got over."""
    clean, again = train(tracks, 1), train(tracks, 2, seed=seed)
    for name, broken in corruptions(tracks, seed):
        decide(tally, f"wrong features: {name}", train(broken, 2), clean)
    for name, broken in corruptions(tracks, seed):
        decide(tally, f"active model trained on: {name}", again, train(broken, 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--worlds", type=int, default=10, help="catalogues of each size, trained again and grown")
    parser.add_argument("--broken", type=int, default=3, help="catalogues of each size whose features go wrong")
    parser.add_argument("--tracks", type=int, nargs="+", default=[300, 1000, 2000], help="their sizes")
    parser.add_argument("--music", type=Path, help="measure the music in this folder instead")
    given = parser.parse_args()
    heard = None if given.music is None else heard_catalogue(sorted(filter(Path.is_file, given.music.rglob("*"))))
    for size in given.tracks if heard is None else [len(heard)]:
        tally = Tally()
        for seed in range(given.worlds):
            measure_usual(heard or catalogue(size, seed=100 + seed), tally, seed)
        for seed in range(given.broken):
            measure_broken(heard or catalogue(size, seed=100 + seed), tally, seed)
        tally.show(f"{size} tracks of {given.music}" if heard else f"simulated catalogues of {size} tracks")


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
