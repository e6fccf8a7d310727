"""A walk from song to song: each track sounds like the one before it, and none comes twice."""

from __future__ import annotations

import numpy as np

from segue_core.recommend.answer import Journey
from segue_core.recommend.filters import Filters
from segue_core.recommend.journey import LONGEST, SHORTEST
from segue_core.recommend.question_errors import RecommendError
from segue_core.recommend.reasons import explain_steps
from segue_core.recommend.recommender import Recommender
from segue_core.recommend.recordings import Recordings
from segue_core.similarity.arrays import Compact

_AHEAD = 40
"""Neighbours that are looked at beyond those that the walk has passed."""
_OTHER_ARTISTS = 3
"""An artist returns after this many tracks of others, if there are others."""


def walk(recommender: Recommender, start: str, count: int, *, filters: Filters | None = None) -> Journey:
    """Tracks that begin with one track and go on with what sounds most like the track before.

    Parameters
    ----------
    start
        Id of the first track.
    count
        Number of tracks, the first included: 2 to 100.
    filters
        Filters that every track but the first must pass.

    Raises
    ------
    UnknownTrackError, AbsentTrackError
        The first track is not in the model.
    UnknownGenreError
        No track has one of the filters' genres.
    RecommendError
        ``count`` is out of range.
    """
    if not SHORTEST <= count <= LONGEST:
        raise RecommendError(f"a walk has {SHORTEST} to {LONGEST} tracks, not {count}")
    rows: list[int] = []
    following: str | None = start
    while following is not None and len(rows) < count:
        ahead = recommender.recommend(
            [following], limit=_AHEAD + len(rows), artist_cap=None, filters=filters or Filters()
        )
        rows.append(recommender.tracks.row_of[following])
        following = _next(recommender, rows, [hit.track_id for hit in ahead.hits])
    at = np.array(rows, dtype=np.intp)
    steps = explain_steps(recommender.tracks, recommender.space, at)
    note = None if len(steps) == count else f"no other track follows after {len(steps)}"
    return Journey(
        model=recommender.model, steps=steps, largest_hop=max((step.hop for step in steps), default=0.0), note=note
    )


def _next(recommender: Recommender, passed: list[int], ahead: list[str]) -> str | None:
    """The nearest track that is new to the walk, by an artist who was not there just now if there is one."""
    tracks = recommender.tracks
    rows = np.array([*passed, *(tracks.row_of[track_id] for track_id in ahead)], dtype=np.intp)
    seen = Recordings(tracks, rows, recommender.space.index.vectors(rows))
    for place in range(len(passed)):
        seen.add(place)
    fresh = [place for place in range(len(passed), len(rows)) if rows[place] not in passed and not seen.has(place)]
    if not fresh:
        return None
    recent = _artists(tracks.artists[rows[: len(passed)]][-_OTHER_ARTISTS:])
    chosen = next((place for place in fresh if int(tracks.artists[rows[place]]) not in recent), fresh[0])
    return ahead[chosen - len(passed)]


def _artists(codes: Compact) -> set[int]:
    return {int(code) for code in codes if code >= 0}
