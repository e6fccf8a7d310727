"""Pages of one listener: what to hear, a mix, the first choice, what is known of them."""

from __future__ import annotations

from starlette.responses import Response

from segue_api.page.rendering import render
from segue_api.page.visit import Visit, opinions_of
from segue_api.problems import Problem, ProblemError
from segue_api.routes import listeners, lists, names
from segue_api.service.lists import reference_to
from segue_api.wire.browse import NameListParameters
from segue_api.wire.common import CatalogueParameter, Name
from segue_api.wire.listeners import (
    HistoryParameters,
    MixParameters,
    RecommendationParameters,
    TopParameters,
    UserParameters,
)
from segue_core.recommend.answer import Source

_LIST = 18
_MIX = 25
_GENRES = 36
_HISTORY = 40


class MixQuery(CatalogueParameter, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which mix."""

    name: Name


async def for_you(visit: Visit, _query: CatalogueParameter) -> Response:
    """Show what to hear now; a newcomer is asked to choose first."""
    name, profile = visit.served.name, await visit.profile()
    listed = await visit.ask(
        lists.recommendations, RecommendationParameters(catalogue=name, user=visit.user, limit=_LIST)
    )
    if all(hit.source == Source.FIRST_RUN for hit in listed.hits):
        genres = await visit.ask(names.list_genres, NameListParameters(catalogue=name, limit=_GENRES))
        return render(visit.request, "first_visit.html", visit=visit, hits=listed.hits, genres=genres.names)
    mixes = await visit.ask(lists.mixes, MixParameters(catalogue=name, user=visit.user, limit=_MIX))
    return render(
        visit.request,
        "for_you.html",
        visit=visit,
        context=listed.context,
        note=listed.note,
        session=[hit for hit in listed.hits if hit.source == Source.SESSION],
        chosen=[hit for hit in listed.hits if hit.source != Source.SESSION],
        mixes=[mix for mix in mixes.mixes if mix.list.hits],
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
    raise ProblemError(Problem.NO_SUCH_PATH, f"there is no such mix today; there are: {known}")


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
        events=past.events,
        liked=[reference_to(visit.served, one) for one, opinion in opinions.items() if opinion == "like"],
        disliked=[reference_to(visit.served, one) for one, opinion in opinions.items() if opinion == "dislike"],
        never=[("track", one, reference_to(visit.served, one).title or one) for one in excluded.tracks]
        + [("artist", one, one) for one in excluded.artists],
    )
