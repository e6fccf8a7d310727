"""Events: what listeners did."""

from __future__ import annotations

from segue_api.http.operation import EVERYBODY, AnyOperation, Call, Operation, Service
from segue_api.problems import Problem
from segue_api.wire.common import CatalogueParameter
from segue_api.wire.listeners import EventBatch, EventsTaken, RawEventBatch


async def post_events(service: Service, call: Call[CatalogueParameter, RawEventBatch]) -> EventsTaken:
    """Take a batch of events."""
    served = service.catalogues.find(call.parameters.catalogue)
    return await service.intake.take_batch(served, call.body, call.identity)


OPERATIONS: tuple[AnyOperation, ...] = (
    Operation(
        name="postEvents",
        method="POST",
        path="/v1/events",
        summary="Take events; answered once the broker has them. Bad events are named, good ones are taken.",
        parameters=CatalogueParameter,
        handle=post_events,
        answer=EventsTaken,
        body=EventBatch,
        decoded=RawEventBatch,
        roles=EVERYBODY,
        status=202,
        problems=(Problem.INVALID_BODY, Problem.BROKER_UNAVAILABLE),
    ),
)
