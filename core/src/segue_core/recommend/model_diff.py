"""What changes for listeners between two versions of a catalogue's model: the same seeds asked under both.

Pure, given two recommenders. The lists are as served, with mutual proximity and artist cap.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from segue_core.recommend.question_errors import RecommendError
from segue_core.recommend.recommender import Recommender
from segue_core.similarity.arrays import Integers
from segue_core.store.models import ModelDocument

SEEDS = 200
LIST_LENGTH = 10
MOST_CHANGED = 10


@dataclass(frozen=True)
class Side:
    """One of the two versions."""

    model: ModelDocument
    recommender: Recommender

    @property
    def cluster_numbers(self) -> Integers:
        """(k,) permanent number of each cluster."""
        return np.array(self.model.cluster_numbers or range(self.model.k), dtype=np.intp)


@dataclass(frozen=True, kw_only=True)
class SeedDiff:
    """One seed's lists under both versions."""

    track_id: str
    title: str | None
    artist: str | None
    overlap: float
    """Share of the list that is the same, 0 to 1."""
    rank_shift: float | None
    """Mean number of places by which the hits in both lists moved; None if there is no such hit."""
    gone: tuple[str, ...]
    """Ids that only the first list has, best first."""
    arrived: tuple[str, ...]
    """Ids that only the second list has, best first."""


@dataclass(frozen=True)
class Cluster:
    """A cluster of one version."""

    name: str
    tracks: int


@dataclass(frozen=True, kw_only=True)
class ClusterDiff:
    """A cluster under both versions; None where it does not exist."""

    number: int
    """Permanent number."""
    before: Cluster | None
    after: Cluster | None


@dataclass(frozen=True, kw_only=True)
class ModelDiff:
    """Two versions compared."""

    before: str
    """Key of the first version."""
    after: str
    common_tracks: int
    only_before: int
    """Number of tracks that only the first version can recommend."""
    only_after: int
    seeds: int
    """Number of tracks whose lists were compared."""
    overlap: float | None
    """Mean share of the ten hits that is the same, 0 to 1; None without seeds."""
    rank_shift: float | None
    """Mean number of places by which hits in both lists moved; None if there are none."""
    moved: float | None
    """Share of the common tracks that are in a cluster with another permanent number; None without such tracks."""
    measures: Mapping[str, tuple[float | None, float | None]]
    """Measure -> its value in the first and in the second version."""
    clusters: tuple[ClusterDiff, ...]
    """Ordered by permanent number."""
    most_changed: tuple[SeedDiff, ...]
    """The seeds whose lists changed most, the most changed first; those that did not change are left out."""


def diff_models(before: Side, after: Side, *, seeds: int = SEEDS, seed: int = 1) -> ModelDiff:
    """Compare two versions.

    Parameters
    ----------
    seeds
        Number of tracks to ask for, drawn from those that both versions can recommend.
    seed
        Of the draw: the same tracks and seed give the same comparison.

    Raises
    ------
    RecommendError
        The versions are of different catalogues.
    """
    left, right = before.recommender, after.recommender
    if left.catalogue != right.catalogue:
        raise RecommendError(f"models {left.model!r} and {right.model!r} are of different catalogues")
    common = sorted(left.tracks.row_of.keys() & right.tracks.row_of.keys())
    drawn = draw(common, seed=seed, count=seeds)
    compared = [_compare(track_id, left, right) for track_id in drawn]
    shifts = [shift for _, found in compared for shift in found]
    changed = [item for item, _ in compared if item.overlap < 1 or item.rank_shift]
    changed.sort(key=lambda item: (item.overlap, -(item.rank_shift or 0), item.track_id))
    return ModelDiff(
        before=left.model,
        after=right.model,
        common_tracks=len(common),
        only_before=len(left.tracks) - len(common),
        only_after=len(right.tracks) - len(common),
        seeds=len(compared),
        overlap=_mean([item.overlap for item, _ in compared]),
        rank_shift=_mean(shifts),
        moved=_moved(before, after, common),
        measures=_measures(before.model.metrics, after.model.metrics),
        clusters=_clusters(before, after),
        most_changed=tuple(changed[:MOST_CHANGED]),
    )


def draw(track_ids: Iterable[str], *, seed: int, count: int) -> tuple[str, ...]:
    """Draw tracks at random, but always the same for the same ids and seed, in any order."""

    def drawn(track_id: str) -> tuple[bytes, str]:
        key = f"{seed}:{track_id}".encode("utf-8", "surrogateescape")
        return hashlib.blake2b(key, digest_size=16).digest(), track_id

    return tuple(heapq.nsmallest(count, set(track_ids), key=drawn))


def _compare(track_id: str, left: Recommender, right: Recommender) -> tuple[SeedDiff, list[int]]:
    """One seed's lists, and by how many places each common hit moved."""
    lists = [[hit.track_id for hit in side.similar(track_id, limit=LIST_LENGTH).hits] for side in (left, right)]
    places = [{found: place for place, found in enumerate(found_list)} for found_list in lists]
    shifts = [abs(place - places[1][found]) for found, place in places[0].items() if found in places[1]]
    longest = max(map(len, lists))
    card = left.tracks.cards[left.tracks.row_of[track_id]]
    compared = SeedDiff(
        track_id=track_id,
        title=card.title,
        artist=card.artist,
        overlap=len(shifts) / longest if longest else 1.0,
        rank_shift=_mean(shifts),
        gone=tuple(found for found in lists[0] if found not in places[1]),
        arrived=tuple(found for found in lists[1] if found not in places[0]),
    )
    return compared, shifts


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _moved(before: Side, after: Side, common: Sequence[str]) -> float | None:
    if not common:
        return None
    left, right = (
        side.cluster_numbers[side.recommender.tracks.clusters[[side.recommender.tracks.row_of[one] for one in common]]]
        for side in (before, after)
    )
    return float(np.mean(left != right))


def _measures(
    before: Mapping[str, float], after: Mapping[str, float]
) -> Mapping[str, tuple[float | None, float | None]]:
    names = dict.fromkeys((*before, *after))
    return {name: (before.get(name), after.get(name)) for name in names}


def _clusters(before: Side, after: Side) -> tuple[ClusterDiff, ...]:
    left, right = _by_number(before), _by_number(after)
    return tuple(
        ClusterDiff(number=number, before=left.get(number), after=right.get(number))
        for number in sorted(left.keys() | right.keys())
    )


def _by_number(side: Side) -> dict[int, Cluster]:
    sizes = np.bincount(side.recommender.tracks.clusters, minlength=side.model.k).tolist()
    numbers = side.cluster_numbers.tolist()
    return {
        number: Cluster(name, size)
        for number, name, size in zip(numbers, side.recommender.cluster_names, sizes, strict=True)
    }
