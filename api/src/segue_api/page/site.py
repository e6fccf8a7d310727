"""All paths of the page."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from segue_api.http.access import Access
from segue_api.http.operation import Service
from segue_api.page import atlas, catalogue, journeys, listening, owner, playlists
from segue_api.page.gate import SIGN_IN, Gate
from segue_api.page.rendering import FOLDER, HEADERS, render
from segue_api.wire.common import CatalogueParameter


class _Files(StaticFiles):
    """Scripts and styles: asked for again each time, and sent only if they have changed."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        scope["segue.operation"] = "page /static"
        response = await super().get_response(path, scope)
        response.headers.update({**HEADERS, "Cache-Control": "no-cache"})
        return response


async def _sign_in(request: Request) -> Response:
    request.scope["segue.operation"] = f"page {SIGN_IN}"
    return render(request, "sign_in.html")


def page_routes(service: Service, access: Access) -> list[BaseRoute]:
    """Routes of all pages."""
    gate = Gate(service, access)
    return [
        Route(SIGN_IN, _sign_in, methods=["GET"]),
        gate.page("/", listening.ForYouQuery, listening.for_you),
        gate.page("/mix", listening.MixQuery, listening.mix),
        gate.page("/opinion", catalogue.TrackQuery, listening.opinion),
        gate.page("/taste", CatalogueParameter, listening.taste),
        gate.page("/search", catalogue.SearchQuery, catalogue.search),
        gate.page("/track", catalogue.TrackQuery, catalogue.track),
        gate.page("/pair", catalogue.PairQuery, catalogue.pair),
        gate.page("/artist", catalogue.NameQuery, catalogue.artist),
        gate.page("/album", catalogue.AlbumQuery, catalogue.album),
        gate.page("/genre", catalogue.NameQuery, catalogue.genre),
        gate.page("/cluster", catalogue.ClusterQuery, catalogue.cluster),
        gate.page("/journey", journeys.JourneyQuery, journeys.journey),
        gate.page("/journey.m3u8", journeys.JourneyQuery, journeys.journey_playlist),
        gate.page("/playlists", CatalogueParameter, playlists.show_playlists),
        gate.page("/playlist.m3u8", playlists.PlaylistQuery, playlists.playlist_file),
        gate.page("/map", atlas.MapQuery, atlas.show_map),
        gate.page("/map/table", atlas.MapTableQuery, atlas.show_table),
        gate.page("/picture", catalogue.TrackQuery, atlas.show_picture),
        gate.page("/owner", CatalogueParameter, owner.versions, owner=True),
        gate.page("/owner/diff", owner.DiffQuery, owner.difference, owner=True),
        gate.page("/owner/batches", owner.RejectedQuery, owner.batches, owner=True),
        gate.page("/owner/reach", CatalogueParameter, owner.reach, owner=True),
        Mount("/static", _Files(directory=FOLDER / "static")),
    ]
