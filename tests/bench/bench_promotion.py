"""Whether promotions are decided right: python tests/bench/bench_promotion.py [--worlds N] [--music FOLDER].

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

from segue_core.contract import ANALYSED_FAMILIES, Engine, WindowPosition
from segue_jobs.extract.analyse import Analysis, Method, Request, analyse_file
from segue_jobs.extract.decode import Window
from support.simulated_catalogue import Tracks, catalogue, corruptions, decision, train

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
            print(f"{name:52}{self.refused[name]:9}{count:6}{self.alarms[name]:8}", flush=True)


def measure(tracks: Tracks, tally: Tally, seed: int) -> None:
    """Everything that can happen to one catalogue."""
    random = np.random.default_rng(seed)
    whole = train(tracks, 2, seed=seed)

    def add(name: str, new: object, active: object) -> None:
        found = decision(new, active)  # type: ignore[arg-type]
        tally.add(name, promoted=found.promoted, alarm=bool(found.decay))
        if found.promoted == name.startswith("wrong"):
            print(f"unexpected, {name}: {found.reason}")

    add("same tracks, another seed", whole, train(tracks, 1, seed=seed + 1))
    for share in GROWTH:
        before = sorted(random.choice(len(tracks), size=round(len(tracks) / (1 + share)), replace=False).tolist())
        add(f"{share:.0%} more tracks", whole, train(tracks.take(before), 1))
    names = np.array([artist or "" for artist in tracks.artists])
    known = random.permutation(np.unique(names))[: round(0.8 * len(np.unique(names)))]
    add("new artists, a fourth more", whole, train(tracks.take(np.flatnonzero(np.isin(names, known))), 1))
    clean = train(tracks, 1)
    for name, broken in corruptions(tracks, seed):
        add(f"wrong features: {name}", train(broken, 2), clean)
    for name, broken in corruptions(tracks, seed):
        add(f"active model trained on: {name}", whole, train(broken, 1))


def music(folder: Path) -> Tracks:
    """The music in a folder; its first level of folders stands for genres, tags tell the artists."""
    method = Method(Engine.NATIVE, Window(WindowPosition.MIDDLE, 30.0, 5.0), 1 << 30)
    ids, rows, artists, genres = [], [], [], []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        found = analyse_file(Request(str(path), path, method))
        if isinstance(found, Analysis):
            ids.append(str(path.relative_to(folder)))
            rows.append([value for family in ANALYSED_FAMILIES for value in found.families[family]])
            artists.append(found.inspection.tags.artist)
            genres.append((path.relative_to(folder).parts[0],))
    return Tracks(tuple(ids), np.array(rows), tuple(artists), tuple(genres))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--worlds", type=int, default=10, help="simulated catalogues of each size")
    parser.add_argument("--tracks", type=int, nargs="+", default=[300, 1000, 2000], help="their sizes")
    parser.add_argument("--music", type=Path, help="measure the music in this folder instead")
    given = parser.parse_args()
    if given.music is not None:
        tracks, tally = music(given.music), Tally()
        for seed in range(given.worlds):
            measure(tracks, tally, seed)
        tally.show(f"{len(tracks)} tracks of {given.music}, {given.worlds} times")
        return
    for size in given.tracks:
        tally = Tally()
        for world in range(given.worlds):
            measure(catalogue(size, seed=100 + world), tally, seed=world)
        tally.show(f"{given.worlds} simulated catalogues of {size} tracks")


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
