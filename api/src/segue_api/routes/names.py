"""The names in a catalogue: its artists and its genres."""

from __future__ import annotations

from collections.abc import Sequence

from segue_api.http.operation import AnyOperation, Call, Operation, Service
from segue_api.service.browse import NamedGroup, artists_of
from segue_api.service.catalogues import Served
from segue_api.wire.browse import NamedCount, NameList, NameListParameters
from segue_core.recommend.track_names import normalise_name


async def list_artists(service: Service, call: Call[NameListParameters, None]) -> NameList:
    """List the artists."""
    served, wanted = service.catalogues.find(call.parameters.catalogue), call.parameters
    found = await service.compute.run(lambda: artists_of(served.recommender.tracks, wanted.q))
    return _page(served, found, wanted)


async def list_genres(service: Service, call: Call[NameListParameters, None]) -> NameList:
    """List the genres."""
    served, wanted = service.catalogues.find(call.parameters.catalogue), call.parameters
    words = normalise_name(wanted.q).split()
    found = await service.compute.run(
        lambda: [one for one in served.genres if all(word in normalise_name(one.name) for word in words)]
    )
    return _page(served, found, wanted)


def _page(served: Served, found: Sequence[NamedGroup], wanted: NameListParameters) -> NameList:
    page = found[wanted.offset : wanted.offset + wanted.limit]
    return NameList(
        catalogue=served.name,
        total=len(found),
        offset=wanted.offset,
        names=tuple(NamedCount(name=one.name, tracks=one.tracks) for one in page),
    )


OPERATIONS: tuple[AnyOperation, ...] = (
    Operation(
        name="listArtists",
        method="GET",
        path="/v1/artists",
        summary="The artists of a catalogue, those with most tracks first.",
        parameters=NameListParameters,
        handle=list_artists,
        answer=NameList,
    ),
    Operation(
        name="listGenres",
        method="GET",
        path="/v1/genres",
        summary="The genres of a catalogue, those with most tracks first.",
        parameters=NameListParameters,
        handle=list_genres,
        answer=NameList,
    ),
)
