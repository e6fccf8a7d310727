"""Pages of one listener: what to hear, a mix, the first choice, what is known of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from starlette.responses import JSONResponse, Response

from segue_api.page.catalogue import TrackQuery
from segue_api.page.rendering import HEADERS, render
from segue_api.page.visit import Visit, opinions_of
from segue_api.page.words import refuse_words
from segue_api.problems import Problem, ProblemError
from segue_api.routes import listeners, lists, names
from segue_api.service.lists import reference_to, track_of
from segue_api.wire.browse import NameListParameters
from segue_api.wire.common import CatalogueParameter, Name, Words
from segue_api.wire.listeners import (
    HistoryParameters,
    Mix,
    MixParameters,
    RecommendationParameters,
    TopParameters,
    UserParameters,
)
from segue_api.wire.tracks import Track
from segue_core.recommend.answer import Source
from segue_core.recommend.question_errors import UnknownWordError

_LIST = 18
_MIX = 25
_GENRES = 36
_HISTORY = 40


class ForYouQuery(CatalogueParameter, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What the list is narrowed to: words that a network says of its tracks."""

    sounds: Words = ""


class MixQuery(CatalogueParameter, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which mix."""

    name: Name


async def for_you(visit: Visit, query: ForYouQuery) -> Response:
    """Show what to hear now; a newcomer is asked to choose first, unless they have said what it should sound like."""
    name, profile, sounds = visit.served.name, await visit.profile(), query.sounds.strip()
    try:
        listed = await visit.ask(
            lists.recommendations,
            RecommendationParameters(catalogue=name, user=visit.user, limit=_LIST, sounds=sounds),
        )
    except UnknownWordError as error:
        return refuse_words(visit, "/", sounds, error)
    if not sounds and all(hit.source == Source.FIRST_RUN for hit in listed.hits):
        genres = await visit.ask(names.list_genres, NameListParameters(catalogue=name, limit=_GENRES))
        return render(visit.request, "first_visit.html", visit=visit, hits=listed.hits, genres=genres.names)
    mixes: list[Mix] = []
    if not sounds:
        asked = MixParameters(catalogue=name, user=visit.user, limit=_MIX)
        mixes = [mix for mix in (await visit.ask(lists.mixes, asked)).mixes if mix.list.hits]
    return render(
        visit.request,
        "for_you.html",
        visit=visit,
        sounds=sounds,
        context=listed.context,
        note=listed.note,
        session=[hit for hit in listed.hits if hit.source == Source.SESSION],
        chosen=[hit for hit in listed.hits if hit.source != Source.SESSION],
        mixes=mixes,
        tastes=sum(mix.list.context.list.startswith("mix:taste") for mix in mixes),
        opinions=opinions_of(profile),
    )


async def mix(visit: Visit, query: MixQuery) -> Response:
    """Show one of today's mixes."""
    asked = MixParameters(catalogue=visit.served.name, user=visit.user, limit=_MIX)
    made = (await visit.ask(lists.mixes, asked)).mixes
    for one in made:
        if one.list.context.list == query.name:
            opinions = opinions_of(await visit.profile())
            return render(visit.request, "mix.html", visit=visit, mix=one, opinions=opinions)
    known = ", ".join(one.name for one in made)
    raise ProblemError(Problem.UNKNOWN_NAME, f"there is no such mix now; there are: {known}")


async def opinion(visit: Visit, query: TrackQuery) -> Response:
    """Tell the player what the listener thinks of a track."""
    found = opinions_of(await visit.profile()).get(query.id)
    return JSONResponse({"opinion": found}, headers={**HEADERS, "Cache-Control": "no-store"})


def _present(visit: Visit, track_ids: Iterable[str]) -> Mapping[str, Track]:
    """The tracks that the catalogue still has, by id."""
    row_of = visit.served.recommender.tracks.row_of
    return {one: track_of(visit.served, row_of[one]) for one in track_ids if one in row_of}


async def taste(visit: Visit, _query: CatalogueParameter) -> Response:
    """Show what is known of the listener, and how to change or erase it."""
    name, user = visit.served.name, visit.user
    stated = await visit.ask(listeners.get_preferences, UserParameters(catalogue=name, user=user))
    best = await visit.ask(listeners.top, TopParameters(catalogue=name, user=user, limit=10))
    past = await visit.ask(listeners.history, HistoryParameters(catalogue=name, user=user, limit=_HISTORY))
    opinions = opinions_of(await visit.profile())
    excluded = stated.preferences.excluded
    return render(
        visit.request,
        "taste.html",
        visit=visit,
        preferences=stated.preferences,
        top=best,
        favourites=await visit.compute(lambda: _present(visit, [one.track.id for one in best.tracks])),
        events=past.events,
        liked=[reference_to(visit.served, one) for one, opinion in opinions.items() if opinion == "like"],
        disliked=[reference_to(visit.served, one) for one, opinion in opinions.items() if opinion == "dislike"],
        never=[("track", one, reference_to(visit.served, one).title or one) for one in excluded.tracks]
        + [("artist", one, one) for one in excluded.artists],
    )
