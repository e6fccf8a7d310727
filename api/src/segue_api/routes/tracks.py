"""Tracks: searching, one, similar ones, a journey from one to another."""

from __future__ import annotations

from segue_api.http.operation import AnyOperation, Call, Operation, Service
from segue_api.problems import Problem
from segue_api.routes.answers import answer_list
from segue_api.service.facts import find_facts
from segue_api.service.filters import filters_of
from segue_api.service.lists import track_of, tracks_of
from segue_api.service.search import find_rows
from segue_api.wire.tracks import (
    HitList,
    PathAnswer,
    PathParameters,
    SearchParameters,
    SimilarParameters,
    Step,
    TrackAnswer,
    TrackPage,
    TrackParameters,
)
from segue_core.recommend.question_errors import AbsentTrackError, UnknownTrackError
from segue_core.recommend.suggestions import suggest


async def search(service: Service, call: Call[SearchParameters, None]) -> TrackPage:
    """Find tracks by words and filters."""
    served, wanted = service.catalogues.find(call.parameters.catalogue), call.parameters
    filters = filters_of(wanted)

    def work() -> TrackPage:
        rows = find_rows(served.recommender.tracks, served.texts, wanted.q, filters)
        page = rows[wanted.offset : wanted.offset + wanted.limit].tolist()
        return TrackPage(
            catalogue=served.name,
            model=served.recommender.model,
            total=len(rows),
            offset=wanted.offset,
            tracks=tracks_of(served, page),
        )

    return await service.compute.run(work)


async def track(service: Service, call: Call[TrackParameters, None]) -> TrackAnswer:
    """Look up one track."""
    served, track_id = service.catalogues.find(call.parameters.catalogue), call.parameters.id
    recommender = served.recommender
    row = recommender.tracks.row_of.get(track_id)
    if row is None:
        absence = recommender.absent.get(track_id)
        if absence is not None:
            raise AbsentTrackError(track_id, absence.reason, absence.message)
        raise UnknownTrackError(
            served.name, track_id, await service.compute.run(lambda: suggest(recommender.tracks, track_id))
        )

    facts = await service.io.run(lambda: find_facts(service.store, service.media, served.name, track_id))

    def work() -> TrackAnswer:
        return TrackAnswer(
            catalogue=served.name,
            model=recommender.model,
            track=track_of(served, row),
            cluster_name=recommender.cluster_names[int(recommender.tracks.clusters[row])],
            estimated=recommender.tracks.estimates(row),
            facts=facts,
        )

    return await service.compute.run(work)


async def similar(service: Service, call: Call[SimilarParameters, None]) -> HitList:
    """Find tracks like one track."""
    served, wanted = service.catalogues.find(call.parameters.catalogue), call.parameters
    filters = filters_of(wanted)

    def work() -> HitList:
        found = served.recommender.similar(wanted.id, limit=wanted.limit, artist_cap=wanted.artist_cap, filters=filters)
        return answer_list(service, served, found, "similar")

    return await service.compute.run(work)


async def path(service: Service, call: Call[PathParameters, None]) -> PathAnswer:
    """Find tracks that lead from one track to another."""
    served, wanted = service.catalogues.find(call.parameters.catalogue), call.parameters

    def work() -> PathAnswer:
        found = served.recommender.path(wanted.start, wanted.end, wanted.count)
        rows = served.recommender.tracks.row_of
        return PathAnswer(
            catalogue=served.name,
            model=found.model,
            steps=tuple(
                Step(track=track_of(served, rows[step.track_id]), hop=step.hop, why=dict(step.why), words=step.words)
                for step in found.steps
            ),
            largest_hop=found.largest_hop,
            note=found.note,
        )

    return await service.compute.run(work)


_OF_A_TRACK = (Problem.UNKNOWN_TRACK, Problem.TRACK_NOT_IN_MODEL)

OPERATIONS: tuple[AnyOperation, ...] = (
    Operation(
        name="searchTracks",
        method="GET",
        path="/v1/tracks",
        summary="Find tracks by words and filters, page by page.",
        parameters=SearchParameters,
        handle=search,
        answer=TrackPage,
        problems=(Problem.QUESTION_REFUSED,),
    ),
    Operation(
        name="similarTracks",
        method="GET",
        path="/v1/tracks/{id:path}/similar",
        summary="Tracks like one track, and why.",
        parameters=SimilarParameters,
        handle=similar,
        answer=HitList,
        problems=(*_OF_A_TRACK, Problem.QUESTION_REFUSED),
    ),
    Operation(
        name="getTrack",
        method="GET",
        path="/v1/tracks/{id:path}",
        summary="One track.",
        parameters=TrackParameters,
        handle=track,
        answer=TrackAnswer,
        problems=_OF_A_TRACK,
    ),
    Operation(
        name="findPath",
        method="GET",
        path="/v1/path",
        summary="A journey from one track to another in small hops.",
        parameters=PathParameters,
        handle=path,
        answer=PathAnswer,
        problems=(*_OF_A_TRACK, Problem.QUESTION_REFUSED),
    ),
)
