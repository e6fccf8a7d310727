"""Playlists: the browser keeps them; here are the page that shows them, and what makes them files."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from segue_api.page.playlist import MEDIA_TYPE, Entry, playlist
from segue_api.page.rendering import HEADERS, render
from segue_api.page.visit import Visit
from segue_api.service.lists import tracks_of
from segue_api.wire.common import CatalogueParameter, Name, Names
from segue_api.wire.tracks import Track


class PlaylistQuery(CatalogueParameter, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A playlist's name, and its tracks in order; those that are gone are left out."""

    name: Name = "Playlist"
    id: Names = ()


async def show_playlists(visit: Visit, _query: CatalogueParameter) -> Response:
    """Show the page that the browser fills with its playlists."""
    return render(visit.request, "playlists.html", visit=visit)


async def playlist_file(visit: Visit, query: PlaylistQuery) -> Response:
    """Give tracks as an M3U playlist."""
    row_of = visit.served.recommender.tracks.row_of
    rows = [row_of[track_id] for track_id in query.id if track_id in row_of]
    return await answer_playlist(visit, query.name, await visit.compute(lambda: tracks_of(visit.served, rows)))


async def answer_playlist(visit: Visit, name: str, tracks: Sequence[Track]) -> Response:
    """Tracks as an M3U playlist, with the paths that their sources use."""
    ids = [track.id for track in tracks]
    stored = await visit.service.io.run(lambda: visit.service.store.tracks(visit.served.name, ids))
    paths = {record.track_id: record.path for record in stored}
    entries = (
        Entry(
            path=paths.get(track.id, track.id),
            title=track.title or track.id,
            artist=track.artist or "",
            seconds=track.duration_seconds,
        )
        for track in tracks
    )
    headers = {**HEADERS, "Content-Disposition": 'attachment; filename="playlist.m3u8"'}
    return Response(playlist(name, entries).encode("utf-8", "replace"), headers=headers, media_type=MEDIA_TYPE)
