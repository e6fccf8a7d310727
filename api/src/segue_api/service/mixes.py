"""A listener's mixes: one for each taste, and one of what is new."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from segue_core.recommend.answer import Recommendations
from segue_core.recommend.listener_view import ListenerView
from segue_core.recommend.recommender import Recommender

MAXIMUM_TASTES = 6
_POOL = 4
"""Candidates for each place of a mix: the day decides which of them are in it."""


@dataclass(frozen=True)
class NamedList:
    """A list and what it is called."""

    name: str
    title: str
    found: Recommendations


def daily(found: Recommendations, limit: int, seed: str) -> Recommendations:
    """As many hits as wanted, drawn by the day and put back into the order of the list.

    The better half of the mix is always there; the rest is drawn from what follows, so that a mix changes from day to
    day and stays the same within one.
    """
    if len(found.hits) <= limit:
        return found
    sure = limit // 2
    rest = sorted(range(sure, len(found.hits)), key=lambda place: _draw(seed, found.hits[place].track_id))
    chosen = sorted(rest[: limit - sure])
    return replace(found, hits=found.hits[:sure] + tuple(found.hits[place] for place in chosen))


def _draw(seed: str, track_id: str) -> bytes:
    return hashlib.sha256(f"{seed}\0{track_id}".encode("utf-8", "surrogatepass")).digest()


def make_mixes(
    recommender: Recommender, view: ListenerView, tastes: Sequence[Sequence[str]], *, user: str, day: date, limit: int
) -> tuple[NamedList, ...]:
    """The mixes of a day.

    Parameters
    ----------
    view
        The listener.
    tastes
        Ids of the likes and plays, grouped, weightiest first.
    limit
        Tracks of each mix.
    """
    seed = f"{day.isoformat()}\0{user}"
    mixes = []
    for number, taste in enumerate(tastes[:MAXIMUM_TASTES], 1):
        of_taste = _only(view, frozenset(taste))
        found = recommender.for_listener(of_taste, limit=limit * _POOL)
        first = recommender.tracks.row_of.get(taste[0])
        card = None if first is None else recommender.tracks.card(first)
        title = f"Like {card.artist or card.title or card.track_id}" if card else f"Taste {number}"
        mixes.append(NamedList(f"mix:taste-{number}", title, daily(found, limit, f"{seed}\0{number}")))
    fresh = recommender.for_listener(replace(view, session=()), limit=limit * _POOL)
    unheard = tuple(hit for hit in fresh.hits if hit.track_id not in view.plays)
    mixes.append(NamedList("mix:new", "New for you", daily(replace(fresh, hits=unheard), limit, f"{seed}\0new")))
    return tuple(mixes)


def _only(view: ListenerView, taste: frozenset[str]) -> ListenerView:
    """The listener as if there were this taste alone; dislikes, skips and exclusions stay."""
    return replace(
        view,
        likes=tuple(track_id for track_id in view.likes if track_id in taste),
        plays={track_id: weight for track_id, weight in view.plays.items() if track_id in taste},
        session=(),
    )
