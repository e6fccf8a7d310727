"""A listener as the recommender asks about them: ids resolved and tastes grouped, once for many questions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from segue_core.recommend.answer import Source
from segue_core.recommend.aversions import Aversions
from segue_core.recommend.filters import Drop
from segue_core.recommend.listener_view import ListenerView, Preferences
from segue_core.recommend.question import Choice, Taste, by_weight, find_tastes
from segue_core.recommend.space import Space
from segue_core.recommend.stated_tastes import stated_rows, stated_tastes
from segue_core.recommend.track_names import members, normalise_name
from segue_core.recommend.track_table import Tracks
from segue_core.similarity.arrays import Doubles, Integers
from segue_core.similarity.search import contains

_PLAY_WEIGHT = 0.5
"""What many plays of a track weigh; a like weighs 1."""
_HALF_PLAYS = 0.25
"""Plays, decayed, that weigh half of that: that a track was played at all says most, how often says little."""
_SEEDS = 256
"""The weightiest likes and plays form the tastes."""
_HEARD = 0.5
"""A track with at least so many plays, decayed, is not recommended: one play counts for a month."""
_LEAST_TASTE = 0.1
"""Share of the weight that a taste of plays needs: of many plays, some are chance, and each would fill places. A taste
with a like needs none: a like was meant."""
_SESSION_SHARE = 0.5
"""Weight of the session, compared with all long-term tastes."""
_SESSION_FADES = 0.85
"""Weight of each track of the session, compared with the one after it."""
_SESSION_TASTES = 2
_NONE = np.empty(0, dtype=np.intp)


@dataclass(frozen=True)
class PreparedListener:
    """Opaque to callers; keep it as long as the view does not change, and pass it to `Recommender.for_listener`."""

    view: ListenerView
    tracks: Tracks
    """The version of the tracks that the rows belong to."""
    seeds: Integers
    """Ascending rows of the likes and plays that form the tastes."""
    weights: Doubles
    long: tuple[Taste, ...]
    tastes: tuple[Taste, ...]
    """All tastes, weightiest first."""
    names: tuple[tuple[str, ...], ...]
    """Ids of the likes and plays of each taste that has any."""
    aversions: Aversions
    given: Integers
    """Rows of likes, dislikes and the session."""
    choice: Choice
    """Without what was given, its duplicates and what was played lately; copied by each question."""


def prepare(
    tracks: Tracks, space: Space, view: ListenerView, previous: PreparedListener | None, *, same_rows: bool
) -> PreparedListener:
    """Look a listener's tracks up and group their tastes.

    Parameters
    ----------
    previous
        What was prepared before; its tastes are kept if the likes and plays are the same.
    same_rows
        Whether the rows of ``previous`` mean the same tracks.
    """
    likes, dislikes = known_rows(tracks, view.likes), known_rows(tracks, view.dislikes)
    likes = likes[~np.isin(likes, dislikes)]
    plays, played = _weighted(tracks, view.plays)
    seeds, weights = _seeds(likes, dislikes, plays, played)
    if (
        previous is not None
        and same_rows
        and np.array_equal(seeds, previous.seeds)
        and np.allclose(weights, previous.weights, rtol=0.1)
    ):
        seeds, weights, long = previous.seeds, previous.weights, previous.long
    else:
        long = _meant(find_tastes(space, seeds, weights), likes)
    session = _session(tracks, space, view.session, sum(taste.weight for taste in long))
    tastes = by_weight((*long, *session)) or stated_tastes(tracks, space, view.preferences)
    skipped, skips = _weighted(tracks, view.skips)
    aversions = Aversions.of(
        space,
        dislikes=dislikes,
        liked=likes if len(likes) else seeds,
        skipped=skipped,
        skips=skips,
        played=np.sort(plays),
    )
    given = np.unique(np.concatenate((likes, dislikes, known_rows(tracks, view.session))))
    choice = denied(tracks, given)
    choice.deny(Drop.PLAYED, plays[played >= _HEARD])
    return PreparedListener(
        view=view,
        tracks=tracks,
        seeds=seeds,
        weights=weights,
        long=long,
        tastes=tastes,
        names=name_tastes(tracks, tastes),
        aversions=aversions,
        given=given,
        choice=choice,
    )


def denied(tracks: Tracks, given: Integers) -> Choice:
    """All tracks but these and their duplicates."""
    choice = Choice(len(tracks), tracks.removed)
    choice.deny(Drop.SEED, given)
    choice.deny(Drop.DUPLICATE, tracks.duplicates_of(given))
    return choice


def name_tastes(tracks: Tracks, tastes: Iterable[Taste]) -> tuple[tuple[str, ...], ...]:
    """Ids of the likes and plays of each taste that has any."""
    return tuple(tuple(tracks.ids_of(taste.rows)) for taste in tastes if len(taste.rows))


def _meant(tastes: tuple[Taste, ...], likes: Integers) -> tuple[Taste, ...]:
    """The tastes with a like or enough weight; all of them if there is none."""
    least = _LEAST_TASTE * sum(taste.weight for taste in tastes)
    kept = (taste for taste in tastes if taste.weight >= least or contains(likes, taste.rows).any())
    return tuple(kept) or tastes


def known_rows(tracks: Tracks, ids: Iterable[str]) -> Integers:
    """Ascending rows of the ids that the catalogue has."""
    found = {row for row in map(tracks.row_of.get, ids) if row is not None}
    return np.array(sorted(found), dtype=np.intp)


def _weighted(tracks: Tracks, values: Mapping[str, float]) -> tuple[Integers, Doubles]:
    """Ascending rows of the ids that the catalogue has, and their values."""
    found = sorted((row, value) for row, value in ((tracks.row_of.get(one), value) for one, value in values.items())
                   if row is not None)  # fmt: skip
    return np.array([row for row, _ in found], dtype=np.intp), np.array([value for _, value in found], dtype=np.float64)


def _seeds(likes: Integers, dislikes: Integers, plays: Integers, played: Doubles) -> tuple[Integers, Doubles]:
    """The weightiest likes and plays: ascending rows, and their weights. A like outweighs any number of plays."""
    rows = np.union1d(likes, plays[~np.isin(plays, dislikes)])
    weights = np.isin(rows, likes).astype(np.float64)
    places = np.searchsorted(rows, plays)
    places = np.minimum(places, max(len(rows) - 1, 0))
    counted = np.flatnonzero(rows[places] == plays) if len(rows) else _NONE
    weights[places[counted]] += _PLAY_WEIGHT * played[counted] / (played[counted] + _HALF_PLAYS)
    kept = np.sort(np.lexsort((rows, -weights))[:_SEEDS])
    return rows[kept], weights[kept]


def _session(tracks: Tracks, space: Space, ids: tuple[str, ...], long: float) -> tuple[Taste, ...]:
    """Tastes of the session; together they weigh half of the long-term tastes, or 1 if there are none."""
    weights: dict[int, float] = {}
    for age, track_id in enumerate(ids):
        row = tracks.row_of.get(track_id)
        if row is not None:
            weights.setdefault(row, _SESSION_FADES**age)
    rows = np.array(sorted(weights), dtype=np.intp)
    if not len(rows):
        return ()
    share = np.array([weights[row] for row in rows.tolist()])
    share *= (_SESSION_SHARE * long or 1.0) / share.sum()
    return find_tastes(space, rows, share, source=Source.SESSION)[:_SESSION_TASTES]


def apply_exclusions(tracks: Tracks, choice: Choice, preferences: Preferences) -> None:
    """Leave out what a listener never wants to hear: tracks, artists, albums, genres. Unknown names are passed over."""
    excluded, names = preferences.excluded, tracks.names
    if excluded.tracks:
        choice.deny(Drop.EXCLUDED, known_rows(tracks, excluded.tracks))
    artists = [names.normalised_artists.find(normalise_name(name)) for name in excluded.artists]
    albums = [number for name in excluded.albums for number in names.albums_by_name.get(normalise_name(name), ())]
    lists = [number for name in excluded.genres for number in names.lists_by_genre.get(normalise_name(name), ())]
    known = [number for number in artists if number is not None]
    for codes, wanted, size in (
        (tracks.artists, known, len(names.normalised_artists)),
        (tracks.albums, albums, len(names.albums)),
        (tracks.genres, lists, len(names.genres)),
    ):
        if wanted:
            choice.keep(Drop.EXCLUDED, ~members(codes, wanted, size))


def apply_preferences(tracks: Tracks, choice: Choice, preferences: Preferences, *, only: bool) -> None:
    """Leave out what is known to lie outside of the stated ranges, and if ``only``, other genres and artists."""
    for wanted, values in (
        (preferences.tempo_bpm, tracks.tempos),
        (preferences.year, tracks.years),
        (preferences.loudness_db, tracks.loudness),
    ):
        if wanted is not None:
            choice.keep(Drop.PREFERENCE, wanted.passes(values) | np.isnan(values))
    if only:
        choice.keep(Drop.PREFERENCE, stated_rows(tracks, preferences))
