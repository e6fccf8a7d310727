"""What the owner of a catalogue wants to know: batches, rejections, reach, listeners' numbers."""

from __future__ import annotations

from datetime import UTC, datetime

from segue_api.http.operation import ADMINS, AnyOperation, Call, Operation, Service
from segue_api.problems import Problem
from segue_api.service.lists import reference_to
from segue_api.service.mending import mending
from segue_api.wire.common import CatalogueParameter
from segue_api.wire.owner import (
    Batch,
    BatchList,
    Frequency,
    ListenersAnswer,
    ReachAnswer,
    ReachParameters,
    RejectedPage,
    RejectedParameters,
    RejectedTrack,
)


def _time(milliseconds: int) -> str | None:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds") if milliseconds else None


async def list_batches(service: Service, call: Call[CatalogueParameter, None]) -> BatchList:
    """List the batches."""
    served = service.catalogues.find(call.parameters.catalogue)
    found = await service.io.run(lambda: service.store.batches(served.name))
    return BatchList(
        catalogue=served.name,
        batches=tuple(
            Batch(name=one.batch, tracks=one.tracks, rejected=dict(one.rejected), updated=_time(one.newest))
            for one in found
        ),
    )


async def list_rejected(service: Service, call: Call[RejectedParameters, None]) -> RejectedPage:
    """List tracks that could not be used."""
    served, wanted = service.catalogues.find(call.parameters.catalogue), call.parameters
    found = await service.io.run(
        lambda: service.store.rejections(served.name, batch=wanted.batch, reason=wanted.reason)
    )
    ordered = sorted(found, key=lambda one: (one.reason, one.path, one.track_id, one.batch))
    return RejectedPage(
        catalogue=served.name,
        total=len(ordered),
        offset=wanted.offset,
        rejected=tuple(
            RejectedTrack(
                track_id=one.track_id,
                batch=one.batch,
                stage=one.stage,
                reason=one.reason,
                path=one.path,
                message=one.message,
                mend=mending(one.reason),
            )
            for one in ordered[wanted.offset : wanted.offset + wanted.limit]
        ),
    )


async def get_reach(service: Service, call: Call[ReachParameters, None]) -> ReachAnswer:
    """Show hubs and anti-hubs."""
    served, limit = service.catalogues.find(call.parameters.catalogue), call.parameters.limit

    def work() -> ReachAnswer:
        found, tracks = served.reach, served.recommender.tracks
        return ReachAnswer(
            catalogue=served.name,
            model=served.recommender.model,
            lists=found.lists,
            complete=found.is_complete,
            hubs=tuple(
                Frequency(track=reference_to(served, tracks.card(row).track_id), lists=count)
                for row, count in list(found.counts.items())[:limit]
            ),
            never=tuple(reference_to(served, tracks.card(row).track_id) for row in found.never[:limit]),
            never_total=len(found.never),
        )

    return await service.comparisons.run(work)


async def get_listeners(service: Service, call: Call[CatalogueParameter, None]) -> ListenersAnswer:
    """Show how much listeners do."""
    served = service.catalogues.find(call.parameters.catalogue)
    found = await service.io.run(lambda: service.store.listener_numbers(served.name))
    return ListenersAnswer(
        catalogue=served.name,
        listeners=found.listeners,
        events=dict(found.events),
        served=round(service.served.share(served.name, served.recommender.tracks.count), 4),
    )


_STORE = (Problem.DATABASE_UNAVAILABLE,)

OPERATIONS: tuple[AnyOperation, ...] = (
    Operation(
        name="listBatches",
        method="GET",
        path="/v1/batches",
        summary="The batches of a catalogue: how many tracks each has stored, and why others were rejected.",
        parameters=CatalogueParameter,
        handle=list_batches,
        answer=BatchList,
        roles=ADMINS,
        problems=_STORE,
    ),
    Operation(
        name="listRejected",
        method="GET",
        path="/v1/rejected",
        summary="Tracks that could not be used, why, and what to do about it.",
        parameters=RejectedParameters,
        handle=list_rejected,
        answer=RejectedPage,
        roles=ADMINS,
        problems=_STORE,
    ),
    Operation(
        name="getReach",
        method="GET",
        path="/v1/reach",
        summary="Tracks that turn up in many lists, and tracks that turn up in none.",
        parameters=ReachParameters,
        handle=get_reach,
        answer=ReachAnswer,
        roles=ADMINS,
    ),
    Operation(
        name="getListeners",
        method="GET",
        path="/v1/listeners",
        summary="How many listeners a catalogue has, and what they do.",
        parameters=CatalogueParameter,
        handle=get_listeners,
        answer=ListenersAnswer,
        roles=ADMINS,
        problems=_STORE,
    ),
)
