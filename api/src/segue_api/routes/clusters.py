"""Clusters and the map."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from segue_api.http.operation import AnyOperation, Binary, Call, Operation, Service
from segue_api.problems import Problem, ProblemError
from segue_api.service.catalogues import Served
from segue_api.service.lists import tracks_of
from segue_api.service.search import find_rows, present_rows
from segue_api.wire.browse import MAXIMUM_PLACES, MapParameters, PlaceParameters, PlacesAnswer
from segue_api.wire.common import CatalogueParameter
from segue_api.wire.models import Cluster, ClusterAnswer, ClusterList, ClusterParameters
from segue_core.recommend.filters import Filters


def _clusters(served: Served) -> list[Cluster]:
    tracks = served.recommender.tracks
    sizes = np.bincount(tracks.clusters[present_rows(tracks)], minlength=served.model.k).tolist()
    return [
        Cluster(number=number, name=name, tracks=size)
        for number, name, size in zip(served.cluster_numbers, served.recommender.cluster_names, sizes, strict=True)
    ]


async def list_clusters(service: Service, call: Call[CatalogueParameter, None]) -> ClusterList:
    """List the clusters."""
    served = service.catalogues.find(call.parameters.catalogue)
    found = await service.compute.run(lambda: _clusters(served))
    return ClusterList(catalogue=served.name, model=served.recommender.model, clusters=tuple(found))


async def get_cluster(service: Service, call: Call[ClusterParameters, None]) -> ClusterAnswer:
    """Show a cluster's tracks."""
    served, wanted = service.catalogues.find(call.parameters.catalogue), call.parameters
    if wanted.number not in served.cluster_numbers:
        known = ", ".join(map(str, served.cluster_numbers[:100]))
        raise ProblemError(
            Problem.UNKNOWN_CLUSTER,
            f"model {served.recommender.model!r} has no cluster {wanted.number}; it has {known}",
        )
    index = served.cluster_numbers.index(wanted.number)

    def work() -> ClusterAnswer:
        rows = _rows(served, index)[wanted.offset : wanted.offset + wanted.limit]
        return ClusterAnswer(
            catalogue=served.name,
            model=served.recommender.model,
            cluster=_clusters(served)[index],
            offset=wanted.offset,
            tracks=tracks_of(served, rows),
        )

    return await service.compute.run(work)


def _rows(served: Served, index: int) -> Sequence[int]:
    """The most typical rows first, then the others."""
    tracks = served.recommender.tracks
    typical = [int(row) for row in served.recommender.typical[index]]
    known = frozenset(typical)
    members = np.flatnonzero(present_rows(tracks) & (tracks.clusters == index)).tolist()
    return [*typical, *(row for row in members if row not in known)]


async def get_map(service: Service, call: Call[MapParameters, None]) -> Binary:
    """Give the map's points."""
    served, by_genre = service.catalogues.find(call.parameters.catalogue), call.parameters.by == "genre"
    points = await service.compute.run(lambda: served.points_by_genre if by_genre else served.points)
    digest = hashlib.sha256(points).hexdigest()[:16]
    return Binary(points, etag=f'"{served.recommender.model}-{digest}"')


async def find_places(service: Service, call: Call[PlaceParameters, None]) -> PlacesAnswer:
    """Find tracks on the map."""
    served, wanted = service.catalogues.find(call.parameters.catalogue), call.parameters

    def work() -> PlacesAnswer:
        tracks = served.recommender.tracks
        found = find_rows(tracks, served.texts, wanted.q, Filters()) if wanted.q.strip() else np.empty(0, dtype=np.intp)
        known = [tracks.row_of.get(track_id) for track_id in wanted.id]
        return PlacesAnswer(
            catalogue=served.name,
            model=served.recommender.model,
            ids=tuple(None if row is None else int(np.searchsorted(served.rows, row)) for row in known),
            found=tuple(np.searchsorted(served.rows, found[:MAXIMUM_PLACES]).tolist()),
            total=len(found),
        )

    return await service.compute.run(work)


OPERATIONS: tuple[AnyOperation, ...] = (
    Operation(
        name="listClusters",
        method="GET",
        path="/v1/clusters",
        summary="The clusters of the active model.",
        parameters=CatalogueParameter,
        handle=list_clusters,
        answer=ClusterList,
    ),
    Operation(
        name="getCluster",
        method="GET",
        path="/v1/clusters/{number}",
        summary="A cluster and its tracks, the most typical first.",
        parameters=ClusterParameters,
        handle=get_cluster,
        answer=ClusterAnswer,
        problems=(Problem.UNKNOWN_CLUSTER,),
    ),
    Operation(
        name="getMap",
        method="GET",
        path="/v1/map",
        summary=(
            "Every track as a point of five bytes, in the order of a search without words: x and y as little-endian "
            "16-bit numbers, and the place of its cluster in the list of clusters, or of its genre in that of genres."
        ),
        parameters=MapParameters,
        handle=get_map,
        answer=None,
    ),
    Operation(
        name="findPlaces",
        method="GET",
        path="/v1/map/places",
        summary="Where tracks are among the points of the map: what a search finds, and tracks by their ids.",
        parameters=PlaceParameters,
        handle=find_places,
        answer=PlacesAnswer,
    ),
)
