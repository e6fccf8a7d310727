"""What is known of a listener: seeing it, stating it, erasing it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from segue_api.http.operation import AnyOperation, Call, Operation, Service
from segue_api.problems import Problem
from segue_api.service.lists import reference_to
from segue_api.wire.listeners import (
    Erased,
    HistoryAnswer,
    HistoryEntry,
    HistoryParameters,
    PreferencesAnswer,
    ProfileAnswer,
    TopAnswer,
    TopParameters,
    UserParameters,
    WeightedTrack,
)
from segue_core.contract import EventType
from segue_core.store.records import StatedPreferences

_LIKE_WEIGHT = 5.0
"""A like weighs as much as this many plays among a listener's favourites."""


async def get_profile(service: Service, call: Call[UserParameters, None]) -> ProfileAnswer:
    """Show all that is stored of a listener."""
    served, user = service.catalogues.find(call.parameters.catalogue), call.parameters.user

    def work() -> ProfileAnswer:
        profile = service.listeners.profile(served.name, user)
        stored: dict[str, Any] = msgspec.to_builtins(profile.to_document())
        events = service.store.events(served.name, user, limit=0)
        return ProfileAnswer(
            catalogue=served.name, user=user, profile=stored, events=tuple(map(msgspec.to_builtins, events))
        )

    return await service.io.run(work)


async def delete_profile(service: Service, call: Call[UserParameters, None]) -> Erased:
    """Erase a listener."""
    served, user = service.catalogues.find(call.parameters.catalogue), call.parameters.user
    event = service.intake.new_event(served, user, EventType.ERASE)
    await service.intake.take((event,))
    return Erased(catalogue=served.name, user=user, event=str(event.id))


async def get_preferences(service: Service, call: Call[UserParameters, None]) -> PreferencesAnswer:
    """Show what a listener has stated."""
    served, user = service.catalogues.find(call.parameters.catalogue), call.parameters.user
    profile = await service.profile(served.name, user)
    stated = profile.preferences.stated if profile.preferences else StatedPreferences()
    return PreferencesAnswer(catalogue=served.name, user=user, preferences=stated)


async def put_preferences(service: Service, call: Call[UserParameters, StatedPreferences]) -> PreferencesAnswer:
    """Replace what a listener has stated."""
    served, user = service.catalogues.find(call.parameters.catalogue), call.parameters.user
    event = service.intake.new_event(served, user, EventType.PREFERENCES, preferences=call.body)
    await service.intake.take((event,))
    return PreferencesAnswer(catalogue=served.name, user=user, preferences=call.body)


async def top(service: Service, call: Call[TopParameters, None]) -> TopAnswer:
    """Show a listener's favourites."""
    served, wanted = service.catalogues.find(call.parameters.catalogue), call.parameters
    profile = await service.profile(served.name, wanted.user)
    view = service.listeners.view(profile)
    weights = Counter(dict(view.plays))
    weights.update(dict.fromkeys(view.likes, _LIKE_WEIGHT))
    best = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
    artists = Counter[str]()
    for track_id, weight in best:
        if artist := reference_to(served, track_id).artist:
            artists[artist] += weight
    return TopAnswer(
        catalogue=served.name,
        user=wanted.user,
        tracks=tuple(
            WeightedTrack(track=reference_to(served, track_id), weight=round(weight, 3))
            for track_id, weight in best[: wanted.limit]
        ),
        artists=tuple((name, round(weight, 3)) for name, weight in artists.most_common(wanted.limit)),
    )


async def history(service: Service, call: Call[HistoryParameters, None]) -> HistoryAnswer:
    """Show a listener's stored events."""
    served, wanted = service.catalogues.find(call.parameters.catalogue), call.parameters

    def work() -> HistoryAnswer:
        events = service.store.events(served.name, wanted.user, limit=wanted.limit, offset=wanted.offset)
        return HistoryAnswer(
            catalogue=served.name,
            user=wanted.user,
            events=tuple(
                HistoryEntry(
                    id=str(event.id),
                    type=event.type,
                    time=event.time,
                    track=None if event.track_id is None else reference_to(served, event.track_id),
                    position_ms=event.position_ms,
                    duration_ms=event.duration_ms,
                )
                for event in events
            ),
        )

    return await service.io.run(work)


_STORE = (Problem.DATABASE_UNAVAILABLE,)
_TOPIC = (Problem.BROKER_UNAVAILABLE,)

OPERATIONS: tuple[AnyOperation, ...] = (
    Operation(
        name="getProfile",
        method="GET",
        path="/v1/users/{user:path}/profile",
        summary="All that is stored of a listener.",
        parameters=UserParameters,
        handle=get_profile,
        answer=ProfileAnswer,
        problems=_STORE,
    ),
    Operation(
        name="eraseProfile",
        method="DELETE",
        path="/v1/users/{user:path}/profile",
        summary="Erase a listener: the profile, and every event until now.",
        parameters=UserParameters,
        handle=delete_profile,
        answer=Erased,
        status=202,
        problems=(Problem.INVALID_BODY, *_TOPIC),
    ),
    Operation(
        name="getPreferences",
        method="GET",
        path="/v1/users/{user:path}/preferences",
        summary="What a listener has stated about their taste.",
        parameters=UserParameters,
        handle=get_preferences,
        answer=PreferencesAnswer,
        problems=_STORE,
    ),
    Operation(
        name="putPreferences",
        method="PUT",
        path="/v1/users/{user:path}/preferences",
        summary="State a listener's taste anew; what was stated before no longer counts.",
        parameters=UserParameters,
        handle=put_preferences,
        answer=PreferencesAnswer,
        body=StatedPreferences,
        status=202,
        problems=(Problem.INVALID_BODY, *_TOPIC),
    ),
    Operation(
        name="getTop",
        method="GET",
        path="/v1/users/{user:path}/top",
        summary="A listener's favourite tracks and artists.",
        parameters=TopParameters,
        handle=top,
        answer=TopAnswer,
        problems=_STORE,
    ),
    Operation(
        name="getHistory",
        method="GET",
        path="/v1/users/{user:path}/history",
        summary="A listener's stored events, newest first.",
        parameters=HistoryParameters,
        handle=history,
        answer=HistoryAnswer,
        problems=_STORE,
    ),
)
