"""Tracks and lists as they are answered."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from segue_api.service.catalogues import Served
from segue_api.wire.tracks import Hit, HitList, ListContext, Reference, Track
from segue_core.recommend.answer import Hit as FoundHit
from segue_core.recommend.answer import Recommendations


def _number(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 3)


def track_of(served: Served, row: int) -> Track:
    """The track of a row."""
    return tracks_of(served, (row,))[0]


def tracks_of(served: Served, rows: Iterable[int]) -> tuple[Track, ...]:
    """The tracks of rows, in their order."""
    tracks, numbers, at = served.recommender.tracks, served.cluster_numbers, np.fromiter(rows, dtype=np.intp)
    clusters, new = tracks.clusters[at].tolist(), tracks.new[at].tolist()
    return tuple(
        Track(
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
            cluster=numbers[cluster],
            new=is_new,
        )
        for card, (length, length_from), cluster, is_new in zip(
            tracks.cards_of(at), tracks.lengths_of(at), clusters, new, strict=True
        )
    )


def reference_to(served: Served, track_id: str) -> Reference:
    """A track in few words; one that the catalogue does not have any more is named by its id alone."""
    return references_to(served, (track_id,))[track_id]


def references_to(served: Served, track_ids: Iterable[str]) -> dict[str, Reference]:
    """Tracks in few words, by their ids."""
    tracks = served.recommender.tracks
    rows = {track_id: tracks.row_of.get(track_id) for track_id in track_ids}
    labels = tracks.labels_of(np.array([row for row in rows.values() if row is not None], dtype=np.intp))
    known = {label.track_id: Reference(id=label.track_id, title=label.title, artist=label.artist) for label in labels}
    return {one: known.get(one) or Reference(id=one, title=None, artist=None) for one in rows}


def hit_list(served: Served, found: Recommendations, name: str) -> HitList:
    """An answer of the recommender.

    Parameters
    ----------
    name
        What the list is called; clients send it back with their events.
    """
    row_of = served.recommender.tracks.row_of
    tracks = tracks_of(served, [row_of[hit.track_id] for hit in found.hits])
    references = references_to(served, {hit.because for hit in found.hits if hit.because is not None})
    return HitList(
        catalogue=served.name,
        context=ListContext(model=found.model, list=name),
        hits=tuple(
            _hit(rank, hit, track, None if hit.because is None else references[hit.because])
            for rank, (hit, track) in enumerate(zip(found.hits, tracks, strict=True), 1)
        ),
        tastes=found.tastes,
        dropped={str(rule): count for rule, count in found.dropped.items()},
        note=found.note,
    )


def _hit(rank: int, hit: FoundHit, track: Track, because: Reference | None) -> Hit:
    return Hit(
        rank=rank,
        track=track,
        score=hit.score,
        similarity=hit.similarity,
        why=dict(hit.why),
        words=hit.words,
        because=because,
        source=str(hit.source),
        confidence=hit.confidence,
    )
