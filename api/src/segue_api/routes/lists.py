"""Lists for a listener: recommendations and mixes."""

from __future__ import annotations

from segue_api.http.operation import AnyOperation, Call, Operation, Service
from segue_api.problems import Problem
from segue_api.routes.answers import answer_list, counted
from segue_api.service.filters import filters_of
from segue_api.service.lists import hit_list
from segue_api.service.mixes import make_mixes
from segue_api.wire.listeners import Mix, MixesAnswer, MixParameters, RecommendationParameters
from segue_api.wire.tracks import HitList


async def recommendations(service: Service, call: Call[RecommendationParameters, None]) -> HitList:
    """Recommend tracks to a listener."""
    served, wanted = service.catalogues.find(call.parameters.catalogue), call.parameters
    filters = filters_of(wanted)
    profile = await service.profile(served.name, wanted.user)
    known = service.listeners.prepared(profile, served.recommender)
    if known is not None and (again := served.recent_lists.find(wanted, known)) is not None:
        return counted(service, served, again)

    def work() -> HitList:
        listener = service.listeners.prepare(profile, served.recommender)
        found = served.recommender.for_listener(
            listener,
            limit=wanted.limit,
            artist_cap=wanted.artist_cap,
            filters=filters,
            exclude=wanted.exclude,
            queue=wanted.queue,
        )
        answer = hit_list(served, found, "recommendations")
        served.recent_lists.keep(wanted, listener, answer)
        return answer

    return counted(service, served, await service.compute.run(work))


async def mixes(service: Service, call: Call[MixParameters, None]) -> MixesAnswer:
    """Make a listener's mixes of today."""
    served, wanted = service.catalogues.find(call.parameters.catalogue), call.parameters
    profile = await service.profile(served.name, wanted.user)
    today = service.clock().date()

    def work() -> MixesAnswer:
        recommender = served.recommender
        listener = service.listeners.prepare(profile, recommender)
        # Without the session, which is not of today but of now.
        tastes = [tuple(listener.tracks.ids_of(taste.rows)) for taste in listener.long]
        made = make_mixes(recommender, listener.view, tastes, user=wanted.user, day=today, limit=wanted.limit)
        return MixesAnswer(
            catalogue=served.name,
            user=wanted.user,
            date=today.isoformat(),
            mixes=tuple(Mix(name=one.title, list=answer_list(service, served, one.found, one.name)) for one in made),
        )

    return await service.compute.run(work)


OPERATIONS: tuple[AnyOperation, ...] = (
    Operation(
        name="recommend",
        method="GET",
        path="/v1/users/{user:path}/recommendations",
        summary="What a listener may want to hear next, and why.",
        parameters=RecommendationParameters,
        handle=recommendations,
        answer=HitList,
        problems=(Problem.QUESTION_REFUSED, Problem.DATABASE_UNAVAILABLE),
    ),
    Operation(
        name="getMixes",
        method="GET",
        path="/v1/users/{user:path}/mixes",
        summary="A listener's mixes of today: one for each taste, and one of what is new.",
        parameters=MixParameters,
        handle=mixes,
        answer=MixesAnswer,
        problems=(Problem.QUESTION_REFUSED, Problem.DATABASE_UNAVAILABLE),
    ),
)
