"""Catalogues of artists and genres as arrays, what can go wrong with their features, and models of them in numpy.

As in music, dimensions go together, artists have a manner of their own, some tracks are odd, and genres overlap: the
precision of the lists is near that of real catalogues (0.4 to 0.5), not near 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import msgspec
import numpy as np

from segue_core.contract import ANALYSED_FAMILIES, Distance, Family, PromotionPolicy
from segue_core.features.layout import FEATURE_SET, LAYOUT, weights
from segue_core.similarity import kmeans
from segue_core.similarity.cosines import centre_distances, nearest_centre
from segue_core.similarity.proximity import Moments
from segue_core.store.models import FamilyLayout, ModelDocument, Scaler
from segue_core.store.records import Metadata, TrackRecord
from segue_core.store.vectors import VectorBlock
from segue_jobs.train.active_model import Bench, compare_with
from segue_jobs.train.promotion import Decision, decide
from segue_jobs.train.sample import Sample
from support.synthetic_model import to_unit
from support.synthetic_tracks import synthetic_tracks, to_families

GENRES = 10
_DIRECTIONS = 20


@dataclass(frozen=True)
class Tracks:
    """Tracks with their features."""

    ids: tuple[str, ...]
    raw: np.ndarray
    """(n, 97) features as extracted."""
    artists: tuple[str | None, ...]
    genres: tuple[tuple[str, ...], ...]

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: Iterable[int]) -> Tracks:
        """These tracks."""
        chosen = list(rows)
        return Tracks(
            tuple(self.ids[row] for row in chosen),
            self.raw[chosen],
            tuple(self.artists[row] for row in chosen),
            tuple(self.genres[row] for row in chosen),
        )


def catalogue(count: int, seed: int) -> Tracks:
    """Tracks of artists who have one to nine each."""
    random = np.random.default_rng(seed)
    width = sum(map(len, LAYOUT.values()))
    sizes = random.integers(1, 10, size=count).clip(1)
    artist = np.repeat(np.arange(count), sizes)[:count]
    genre_of = random.integers(GENRES, size=artist.max() + 1)
    mixing = random.normal(size=(_DIRECTIONS, width)) / np.sqrt(1.0 + np.arange(_DIRECTIONS) / 4.0)[:, None]
    kinds = 0.95 * random.normal(size=(GENRES, _DIRECTIONS))
    manner = 0.6 * random.normal(size=(artist.max() + 1, _DIRECTIONS))
    odd = random.lognormal(0, 0.4, size=(count, 1))
    sound = kinds[genre_of[artist]] + manner[artist] + odd * random.standard_t(5, size=(count, _DIRECTIONS))
    noise = 0.8 * random.lognormal(0, 0.4, size=(count, 1)) * random.standard_t(5, size=(count, width))
    scale, offset = random.lognormal(0, 1.5, width), random.normal(0, 20, width)
    return Tracks(
        tuple(f"{row:06d}" for row in range(count)),
        offset + scale * (sound @ mixing + noise),
        tuple(f"artist {number}" for number in artist),
        tuple((f"genre {genre_of[number]}",) for number in artist),
    )


def records(tracks: Tracks) -> list[TrackRecord]:
    """The tracks as they are stored."""
    plain = next(synthetic_tracks("c", 1))
    return [
        msgspec.structs.replace(
            plain,
            track_id=track_id,
            families=to_families(tracks.raw[row]),
            audio_sha256=f"{row:064x}",
            metadata=Metadata(title=f"Track {row}", artist=tracks.artists[row], genres=tracks.genres[row]),
        )
        for row, track_id in enumerate(tracks.ids)
    ]


# ---------------------------------------------------------------------------------------------------------------
# Corruptions


def shuffled(tracks: Tracks, share: float, seed: int) -> Tracks:
    """Exchange the features of this share of the tracks."""
    random = np.random.default_rng(seed)
    rows = random.choice(len(tracks), size=max(2, round(share * len(tracks))), replace=False)
    raw = tracks.raw.copy()
    raw[rows] = tracks.raw[np.roll(rows, 1)]
    return replace(tracks, raw=raw)


def noisy(tracks: Tracks, deviations: float, seed: int) -> Tracks:
    """Add noise to every feature."""
    noise = np.random.default_rng(seed).normal(size=tracks.raw.shape)
    return replace(tracks, raw=tracks.raw + deviations * tracks.raw.std(axis=0) * noise)


def _columns(family: Family) -> slice:
    start = 0
    for name, dimensions in LAYOUT.items():
        if name is family:
            return slice(start, start + len(dimensions))
        start += len(dimensions)
    raise ValueError(family)


def zeroed(tracks: Tracks, family: Family) -> Tracks:
    """Set a family to 0 in all tracks."""
    raw = tracks.raw.copy()
    raw[:, _columns(family)] = 0.0
    return replace(tracks, raw=raw)


def scaled(tracks: Tracks, family: Family, factor: float, seed: int) -> Tracks:
    """Multiply a family by a factor in half of the tracks, as if two builds of the extraction had been at work."""
    rows = np.flatnonzero(np.random.default_rng(seed).random(len(tracks)) < 0.5)
    raw = tracks.raw.copy()
    raw[rows, _columns(family)] *= factor
    return replace(tracks, raw=raw)


def corruptions(tracks: Tracks, seed: int) -> Iterator[tuple[str, Tracks]]:
    """Eleven ways in which features go wrong."""
    for share in (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0):
        yield f"{share:.0%} shuffled", shuffled(tracks, share, seed)
    for deviations in (1.0, 3.0):
        yield f"noise of {deviations:.0f} deviations", noisy(tracks, deviations, seed)
    yield "timbre zeroed", zeroed(tracks, Family.TIMBRE)
    yield "timbre scaled in half of the tracks", scaled(tracks, Family.TIMBRE, 4.0, seed)


# ---------------------------------------------------------------------------------------------------------------
# Models


@dataclass(frozen=True)
class Trained:
    """A model in numpy, with the tracks that it was trained on."""

    document: ModelDocument
    tracks: Tracks
    vectors: np.ndarray

    @property
    def places(self) -> dict[str, tuple[int, float]]:
        """As `store.assignments.read_places` gives them."""
        centres = np.asarray(self.document.centres, dtype=np.float32)
        cells = nearest_centre(self.vectors, centres)
        distances = centre_distances(self.vectors, centres, cells)
        return dict(zip(self.tracks.ids, zip(cells.tolist(), distances.tolist(), strict=True), strict=True))

    def blocks(self) -> Iterator[VectorBlock]:
        """As `store.vectors.read_vectors` gives them."""
        yield VectorBlock(self.tracks.ids, self.vectors, np.ones(len(self.vectors), dtype=np.float32))


def train(tracks: Tracks, number: int, *, seed: int = 1, k: int = 8) -> Trained:
    """What a training run makes of the tracks."""
    scaler = Scaler(
        mean=tuple(tracks.raw.mean(axis=0).tolist()),
        deviation=tuple(tracks.raw.std(axis=0, ddof=1).tolist()),
        clip=4.0,
        weights=tuple(weight for family in ANALYSED_FAMILIES for weight in weights(family, len(LAYOUT[family]))),
    )
    vectors = to_unit(scaler, tracks.raw).rows
    document = ModelDocument(
        catalogue="c", number=number, run="run", run_uid=f"run-{number}", created="2026-01-01T00:00:00Z",
        feature_set=FEATURE_SET, recipe="recipe-1",
        layout=tuple(FamilyLayout(family=family, dimensions=LAYOUT[family]) for family in ANALYSED_FAMILIES),
        scaler=scaler, k=k, distance=Distance.COSINE, seed=seed, maximum_iterations=20,
        centres=tuple(map(tuple, kmeans.fit_centres(vectors, k, seed=seed, iterations=20).tolist())),
        metrics={}, candidates=(), snapshot=(), moments=Moments.of(vectors).stored(), tracks=len(tracks),
        excluded_by_reason={}, promotion=PromotionPolicy.IF_NOT_WORSE,
    )  # fmt: skip
    return Trained(document, tracks, vectors)


def decision(new: Trained, active: Trained, tolerance: float = 0.01) -> Decision:
    """What a run decides whose policy is IfNotWorse."""
    sample = Sample(new.tracks.ids, new.tracks.raw, new.vectors, new.tracks.artists, new.tracks.genres)
    bench = Bench(sample, Moments.of(new.vectors))
    comparison = compare_with(active.document, bench, active.places, active.blocks)
    document = msgspec.structs.replace(new.document, metrics=bench.metrics(), comparison=comparison)
    return decide(PromotionPolicy.IF_NOT_WORSE, tolerance, document, active.document)
