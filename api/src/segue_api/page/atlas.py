"""The map, the table that says the same, and the picture of a track."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from starlette.responses import Response

from segue_api.page.artwork import picture
from segue_api.page.catalogue import TrackQuery
from segue_api.page.rendering import HEADERS, render
from segue_api.page.visit import Visit, opinions_of
from segue_api.ports import StoreUnavailableError
from segue_api.problems import ProblemError
from segue_api.routes import clusters, names
from segue_api.service.catalogues import Served
from segue_api.service.lists import tracks_of
from segue_api.service.media import Picture
from segue_api.wire.browse import NameListParameters
from segue_api.wire.common import CatalogueParameter, Name, Offset, Words
from segue_core.recommend.question_errors import UnknownTrackError

_ROWS = 100
_LEGEND = 14


class MapQuery(CatalogueParameter, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What is marked: what words find, one track, or a journey."""

    q: Words = ""
    id: Name | None = None
    start: Name | None = None
    end: Name | None = None
    count: int = 8


class MapTableQuery(CatalogueParameter, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which page of the table."""

    offset: Offset = 0


async def show_map(visit: Visit, query: MapQuery) -> Response:
    """Show the whole catalogue as points."""
    name = visit.served.name
    groups = await visit.ask(clusters.list_clusters, CatalogueParameter(catalogue=name))
    genres = await visit.ask(names.list_genres, NameListParameters(catalogue=name, limit=_LEGEND))
    return render(
        visit.request, "map.html", visit=visit, query=query, clusters=groups.clusters, genres=genres.names,
        total=visit.served.recommender.tracks.count,
    )  # fmt: skip


async def show_table(visit: Visit, query: MapTableQuery) -> Response:
    """Show the map as a table: where each track is, and in which cluster."""
    served = visit.served
    rows = served.rows[query.offset : query.offset + _ROWS].tolist()
    places = await visit.compute(lambda: [_place(served, row) for row in rows])
    return render(
        visit.request, "map_table.html", visit=visit, offset=query.offset, page=_ROWS, total=len(served.rows),
        rows=list(zip(tracks_of(served, rows), _percentages(places), strict=True)),
        clusters={one.number: one.name for one in (
            await visit.ask(clusters.list_clusters, CatalogueParameter(catalogue=served.name))).clusters},
        opinions=opinions_of(await visit.profile()),
    )  # fmt: skip


async def show_picture(visit: Visit, query: TrackQuery) -> Response:
    """Give the cover of a track, or a picture of how it sounds."""
    served = visit.served
    row = served.recommender.tracks.row_of.get(query.id)
    if row is None:
        raise UnknownTrackError(served.name, query.id, ())
    headers = {**HEADERS, "Cache-Control": "private, max-age=3600"}
    if cover := await _cover(visit, query.id):
        return Response(cover.content, headers=headers, media_type=cover.media_type)

    def draw() -> str:
        space = served.recommender.space
        vector = space.index.vectors(np.array([row], dtype=np.intp))[0]
        return picture(vector, space.slices, _place(served, row))

    return Response(await visit.compute(draw), headers=headers, media_type="image/svg+xml")


async def _cover(visit: Visit, track_id: str) -> Picture | None:
    if not visit.plays:
        return None
    try:
        return await visit.service.io.run(lambda: visit.service.media.read_cover(visit.served.name, track_id))
    except (ProblemError, StoreUnavailableError):
        return None  # it has none, or none that can be read now


def _place(served: Served, row: int) -> tuple[float, float]:
    """X and y on the map, from 0 to 1."""
    point = 5 * int(np.searchsorted(served.rows, row))
    across, down = np.frombuffer(served.points[point : point + 4], dtype="<u2").tolist()
    return across / 65535, down / 65535


def _percentages(places: Sequence[tuple[float, float]]) -> list[tuple[int, int]]:
    return [(round(100 * across), round(100 * down)) for across, down in places]
