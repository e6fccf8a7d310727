"""A synthetic catalogue of analysed tracks: genres are blobs, artists offsets in them: measures mean something."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from segue_core.contract import Family
from segue_core.features.layout import LAYOUT
from segue_core.settings import MongoSettings
from segue_core.store.database import Collection, connect, database, ensure_indexes
from segue_core.store.records import Audio, Metadata, TrackRecord, to_document, track_key

RECIPE = "recipe-1"


def synthetic_tracks(
    catalogue: str,
    count: int,
    *,
    genres: int = 10,
    tracks_per_artist: int = 5,
    labelled: bool = True,
    seed: int = 7,
) -> Iterator[TrackRecord]:
    """Tracks of artists who keep to one genre each; every dimension has a scale and an offset of its own."""
    random = np.random.default_rng(seed)
    width = sum(len(names) for names in LAYOUT.values())
    scale, offset = random.lognormal(0, 1.5, width), random.normal(0, 20, width)
    centres = random.normal(0, 1.0, (genres, width))
    artists = -(-count // tracks_per_artist)
    manner = random.normal(0, 0.6, (artists, width))
    for index in range(count):
        artist = index % artists
        genre = artist % genres
        vector = offset + scale * (centres[genre] + manner[artist] + random.normal(0, 1.0, width))
        yield TrackRecord(
            catalogue=catalogue,
            track_id=f"{index:06d}",
            batch="batch",
            batch_uid="batch-uid",
            shard=0,
            recipe=RECIPE,
            audio_sha256=f"{index:064x}",
            path=f"{index:06d}.flac",
            audio=Audio(
                duration_seconds=30.0, sample_rate=22_050, channels=1, codec="flac", window_start_seconds=0.0,
                window_seconds=30.0,
            ),
            families=to_families(vector),
            descriptors={"tempoBpm": 120.0},
            metadata=Metadata(
                title=f"Track {index}", artist=f"Artist {artist}", genres=(f"Genre {genre}",) if labelled else ()
            ),
        )  # fmt: skip


def to_families(vector: np.ndarray) -> dict[Family, tuple[float, ...]]:
    """Raw features, divided into families."""
    families, start = {}, 0
    for family, names in LAYOUT.items():
        families[family] = tuple(vector[start : start + len(names)].tolist())
        start += len(names)
    return families


def track_document(track: TrackRecord) -> dict[str, Any]:
    """Document of collection ``tracks``, as the sink writes it."""
    return {"_id": track_key(track.catalogue, track.track_id), **to_document(track)}


def store_tracks(settings: MongoSettings, tracks: Iterable[TrackRecord]) -> None:
    """Put tracks into the database without a sink."""
    documents = map(track_document, tracks)
    with connect(settings) as client:
        target = database(client, settings)
        ensure_indexes(target)
        while batch := list(islice(documents, 500)):
            target[Collection.TRACKS].insert_many(batch, ordered=False)
