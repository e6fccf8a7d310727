"""Lists for somebody who is not stored."""

from __future__ import annotations

from dataclasses import replace

from segue_api.http.operation import AnyOperation, Call, Operation, Service
from segue_api.problems import Fault, Problem, ProblemError
from segue_api.routes.answers import answer_list
from segue_api.wire.common import CatalogueParameter
from segue_api.wire.listeners import SessionBody
from segue_api.wire.tracks import HitList
from segue_core.listeners.profile import Profile
from segue_core.listeners.validation import find_preference_faults
from segue_core.recommend.question_errors import RecommendError
from segue_core.store.profiles import PreferencesEntry


async def session_recommendations(service: Service, call: Call[CatalogueParameter, SessionBody]) -> HitList:
    """Recommend tracks from what the body says alone."""
    served, body = service.catalogues.find(call.parameters.catalogue), call.body
    faults = find_preference_faults(body.preferences)
    if faults:
        raise ProblemError(
            Problem.INVALID_BODY,
            faults[0],
            faults=tuple(Fault(pointer="/preferences", detail=fault) for fault in faults[:5]),
        )
    both = sorted(set(body.likes) & set(body.dislikes))
    if both:
        raise RecommendError(f"track {both[0]!r} is both liked and disliked")
    stated = PreferencesEntry(stated=body.preferences, time_ms=0, event="")
    nobody = service.listeners.view(Profile(catalogue=served.name, user="", preferences=stated))
    view = replace(nobody, likes=body.likes, dislikes=body.dislikes, session=body.session)

    def work() -> HitList:
        found = served.recommender.for_listener(
            view, limit=body.limit, artist_cap=body.artist_cap, exclude=body.exclude, queue=body.queue
        )
        return answer_list(service, served, found, "session")

    return await service.compute.run(work)


OPERATIONS: tuple[AnyOperation, ...] = (
    Operation(
        name="recommendToSession",
        method="POST",
        path="/v1/session/recommendations",
        summary="What somebody may want to hear next; everything is in the body, and nothing is stored.",
        parameters=CatalogueParameter,
        handle=session_recommendations,
        answer=HitList,
        body=SessionBody,
        problems=(Problem.INVALID_BODY, Problem.QUESTION_REFUSED),
    ),
)
