"""Large catalogues for benchmarks of serving, made in memory without a database."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import msgspec
import numpy as np

from segue_core.recommend.arrivals import Arrivals
from segue_core.recommend.card import Card
from segue_core.recommend.collected_tracks import CollectedTracks
from segue_core.recommend.placing import Placing, TrainedDistances
from segue_core.recommend.recommender import Recommender
from segue_core.recommend.space import Space
from segue_core.recommend.track_names import identity
from segue_core.recommend.track_table import Placed
from segue_core.similarity.aspects import ASPECTS, TempoScale
from segue_core.similarity.cells import make_cells
from segue_core.similarity.cosines import nearest_centre
from segue_core.similarity.explain import family_slices
from segue_core.similarity.proximity import Moments
from segue_core.similarity.search import CellIndex
from segue_core.store.records import TrackRecord
from support.synthetic_model import train_model
from support.synthetic_tracks import synthetic_tracks

GENRES = 160
CLUSTERS = 32
TRACKS_AN_ARTIST = 6
_DIRECTIONS = 24
_BLOCK = 50_000


def _vectors(count: int, width: int, kinds: int) -> np.ndarray:
    """Unit rows: genres, artists in them, tracks around these, and noise.

    As in music, dimensions go together: most of the variance lies in some 20 directions.
    """
    random = np.random.default_rng(1)
    spread = 1.0 / np.sqrt(1.0 + np.arange(_DIRECTIONS) / 4.0)
    mixing = (random.normal(size=(_DIRECTIONS, width)) * spread[:, None]).astype(np.float32)
    genres = 1.25 * random.normal(size=(kinds, _DIRECTIONS)).astype(np.float32)
    manner = 0.6 * random.normal(size=(count // TRACKS_AN_ARTIST + 1, _DIRECTIONS)).astype(np.float32)
    vectors = np.empty((count, width), dtype=np.float32)
    for start in range(0, count, _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, count))
        artists = rows % len(manner)
        sound = genres[artists % kinds] + manner[artists]
        sound += random.normal(size=sound.shape).astype(np.float32)
        block = sound @ mixing + 0.7 * random.normal(size=(len(rows), width)).astype(np.float32)
        vectors[rows] = block / np.linalg.norm(block, axis=1, keepdims=True)
    return vectors


def _cards(count: int, kinds: int) -> Iterator[Card]:
    artists = count // TRACKS_AN_ARTIST + 1
    for row in range(count):
        artist = row % artists
        yield Card(
            track_id=f"{row:07d}", title=f"Track number {row}", artist=f"Artist number {artist}",
            album=f"Album {row // 12}", genres=(f"Genre {artist % kinds}",), year=1950.0 + row % 70,
            tempo_bpm=60.0 + row % 120, duration_seconds=60.0 + row % 400, audio=identity(f"audio {row}"),
            loudness_db=-30.0 + row % 20,
        )  # fmt: skip


def large_catalogue(count: int, genres: int = GENRES) -> Recommender:
    """A recommender of so many tracks."""
    model, _ = train_model(list(synthetic_tracks("bench", 400)), k=CLUSTERS)
    placing = Placing(model)
    vectors = _vectors(count, placing.width, genres)
    clusters = nearest_centre(vectors, placing.centres)
    collected = CollectedTracks(placing.width)
    aspects = np.random.default_rng(2).normal(size=(count, len(ASPECTS))).astype(np.float32)
    cards = _cards(count, genres)
    for start in range(0, count, _BLOCK):
        part = slice(start, start + _BLOCK)
        collected.add(list(islice(cards, _BLOCK)), vectors[part], aspects[part])
    ordered = collected.ordered()
    vectors = ordered.vectors
    tracks = ordered.table(Placed(clusters, np.zeros(count, dtype=np.bool_), np.ones(count, dtype=np.float32)))
    moments = Moments.of(vectors)
    cells, centres = make_cells(vectors)
    return Recommender(
        "bench",
        "bench:1",
        tracks=tracks,
        space=Space.of(
            CellIndex(vectors, cells, centres, in_place=True),
            centres=placing.centres,
            proximity=moments.usual(vectors, members=np.ones(count, dtype=np.bool_)),
            moments=moments,
            aspects=ordered.aspects,
            slices=family_slices(model.layout, model.scaler.maps),
        ),
        arrivals=Arrivals(placing=placing, trained=TrainedDistances.of(np.ones(1)), tempo=TempoScale.of(tracks.tempos)),
    )


def stored_like(count: int) -> list[TrackRecord]:
    """Tracks that arrive later, with ids of their own."""
    return [
        msgspec.structs.replace(record, track_id=f"later-{record.track_id}")
        for record in synthetic_tracks("bench", count)
    ]
