"""Tracks and lists as they are answered."""

from __future__ import annotations

import math
from collections.abc import Iterable

from segue_api.service.catalogues import Served
from segue_api.wire.tracks import Hit, HitList, ListContext, Reference, Track
from segue_core.recommend.answer import Hit as FoundHit
from segue_core.recommend.answer import Recommendations


def _number(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 3)


def track_of(served: Served, row: int) -> Track:
    """The track of a row."""
    tracks = served.recommender.tracks
    card = tracks.card(row)
    length, length_from = tracks.length_at(row)
    return Track(
        id=card.track_id,
        title=card.title,
        artist=card.artist,
        album=card.album,
        genres=card.genres,
        year=None if math.isnan(card.year) else int(card.year),
        tempo_bpm=_number(card.tempo_bpm),
        duration_seconds=_number(card.duration_seconds),
        length_seconds=_number(length),
        length_from=str(length_from),
        cluster=served.cluster_numbers[int(tracks.clusters[row])],
        new=bool(tracks.new[row]),
    )


def tracks_of(served: Served, rows: Iterable[int]) -> tuple[Track, ...]:
    """The tracks of rows, in their order."""
    return tuple(track_of(served, row) for row in rows)


def reference_to(served: Served, track_id: str) -> Reference:
    """A track in few words; one that the catalogue does not have any more is named by its id alone."""
    row = served.recommender.tracks.row_of.get(track_id)
    if row is None:
        return Reference(id=track_id, title=None, artist=None)
    card = served.recommender.tracks.card(row)
    return Reference(id=track_id, title=card.title, artist=card.artist)


def hit_list(served: Served, found: Recommendations, name: str) -> HitList:
    """An answer of the recommender.

    Parameters
    ----------
    name
        What the list is called; clients send it back with their events.
    """
    return HitList(
        catalogue=served.name,
        context=ListContext(model=found.model, list=name),
        hits=tuple(_hit(served, rank, hit) for rank, hit in enumerate(found.hits, 1)),
        tastes=found.tastes,
        dropped={str(rule): count for rule, count in found.dropped.items()},
        note=found.note,
    )


def _hit(served: Served, rank: int, hit: FoundHit) -> Hit:
    return Hit(
        rank=rank,
        track=track_of(served, served.recommender.tracks.row_of[hit.track_id]),
        score=hit.score,
        similarity=hit.similarity,
        why=dict(hit.why),
        words=hit.words,
        because=None if hit.because is None else reference_to(served, hit.because),
        source=str(hit.source),
        confidence=hit.confidence,
    )
