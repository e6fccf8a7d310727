"""Tastes of a listener without a history: the genres and artists that they named."""

from __future__ import annotations

import numpy as np

from segue_core.recommend.answer import Source
from segue_core.recommend.filters import genre_rows, word_rows
from segue_core.recommend.listener_view import Preferences
from segue_core.recommend.question import Taste
from segue_core.recommend.question_errors import RecommendError
from segue_core.recommend.space import Space
from segue_core.recommend.tastes import centre
from segue_core.recommend.track_names import members, normalise_name
from segue_core.recommend.track_table import Tracks
from segue_core.similarity.arrays import Booleans, Integers

_SAMPLE = 512
"""Tracks of a genre whose mean is its direction."""


def named_rows(tracks: Tracks, *, genre: str | None = None, artist: str | None = None) -> Booleans:
    """Rows of a genre, or of an artist; none if the name is unknown; (n,)."""
    if genre is not None and normalise_name(genre) in tracks.names.lists_by_genre:
        return genre_rows(tracks, (genre,))
    number = tracks.names.normalised_artists.find(normalise_name(artist)) if artist is not None else None
    return members(tracks.artists, [] if number is None else [number], len(tracks.names.normalised_artists))


def stated_rows(tracks: Tracks, preferences: Preferences) -> Booleans:
    """Rows of any genre or artist that was named; (n,)."""
    found = np.zeros(len(tracks), dtype=np.bool_)
    for genre in preferences.genres:
        found |= named_rows(tracks, genre=genre)
    for artist in preferences.artists:
        found |= named_rows(tracks, artist=artist)
    return found


def stated_tastes(tracks: Tracks, space: Space, preferences: Preferences) -> tuple[Taste, ...]:
    """A taste for each genre and artist that the catalogue has, all of one weight, in the order they were named."""
    named = [(genre, named_rows(tracks, genre=genre)) for genre in preferences.genres]
    named += [(artist, named_rows(tracks, artist=artist)) for artist in preferences.artists]
    return tuple(_typical(space, name, np.flatnonzero(rows)) for name, rows in named if rows.any())


def sounding_taste(tracks: Tracks, space: Space, words: str) -> Taste:
    """The taste of what a network's words fit.

    Raises
    ------
    UnknownWordError
        No network can tell one of the words.
    RecommendError
        The words fit no track.
    """
    rows = word_rows(tracks, words)
    rows[tracks.removed] = False
    if not rows.any():
        raise RecommendError(f"no track sounds like {words!r}: every word must fit it; use fewer words")
    return _typical(space, f"{words} (estimated)", np.flatnonzero(rows))


def _typical(space: Space, name: str, rows: Integers) -> Taste:
    sample = rows[np.linspace(0, len(rows) - 1, min(len(rows), _SAMPLE)).astype(np.intp)]
    query = centre(space.index.vectors(sample))
    return Taste(
        rows=np.empty(0, dtype=np.intp),
        query=query,
        statistics=space.moments.usual(query[None]),
        weight=1.0,
        source=Source.PREFERENCES,
        stated=name,
    )
