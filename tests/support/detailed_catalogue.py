"""A small catalogue whose tracks differ in year, tempo and duration, and its recommender."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import msgspec

from segue_core.recommend.recommender import Recommender
from segue_core.store.records import TrackRecord
from support.synthetic_model import assemble, train_model
from support.synthetic_tracks import synthetic_tracks

TRACKS = 400
GENRES = 5


def detailed(record: TrackRecord) -> TrackRecord:
    """Year, tempo and duration that differ between tracks; every seventh has no year."""
    number = int(record.track_id)
    year = None if number % 7 == 0 else 1960 + number % 60
    return msgspec.structs.replace(
        record,
        metadata=msgspec.structs.replace(record.metadata, year=year),
        descriptors={"tempoBpm": 60.0 + number % 100},
        audio=msgspec.structs.replace(record.audio, duration_seconds=30.0 + number % 300),
    )


@cache
def records() -> tuple[TrackRecord, ...]:
    """All stored tracks."""
    return tuple(map(detailed, synthetic_tracks("fma", TRACKS, genres=GENRES, tracks_per_artist=8)))


def built(stored: Sequence[TrackRecord], **options) -> Recommender:
    """A recommender of these tracks, trained on them."""
    model, assignments = train_model(stored, k=8, **options)
    return assemble(model, assignments, stored)


@cache
def recommender() -> Recommender:
    """Of all of them."""
    return built(records())


def track_of(genre: int, place: int = 0) -> str:
    """Id of a track of a genre."""
    found = [record.track_id for record in records() if record.metadata.genres == (f"Genre {genre}",)]
    return found[place]
