"""The journey from one track to another."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta
from starlette.responses import Response

from segue_api.page.playlists import answer_playlist
from segue_api.page.rendering import render
from segue_api.page.visit import Visit, opinions_of
from segue_api.routes import tracks
from segue_api.wire.common import CatalogueParameter, Name, Words
from segue_api.wire.tracks import PathParameters, SearchParameters, Track, TrackParameters

_CANDIDATES = 24


class JourneyQuery(CatalogueParameter, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """From where to where, in how many tracks; ``q`` looks for the end that is still missing."""

    start: Name | None = None
    end: Name | None = None
    count: Annotated[int, Meta(ge=2, le=100)] = 8
    q: Words = ""


async def journey(visit: Visit, query: JourneyQuery) -> Response:
    """Show the journey, or let the listener choose its ends."""
    name, opinions = visit.served.name, opinions_of(await visit.profile())
    start, end = await _track(visit, query.start), await _track(visit, query.end)
    if start is not None and end is not None and start.id != end.id:
        asked = PathParameters(catalogue=name, start=start.id, end=end.id, count=query.count)
        found = await visit.ask(tracks.path, asked)
        return render(visit.request, "journey.html", visit=visit, found=found, query=query, opinions=opinions)
    candidates = await visit.ask(tracks.search, SearchParameters(catalogue=name, q=query.q.strip(), limit=_CANDIDATES))
    return render(
        visit.request, "journey_ends.html", visit=visit, start=start, end=end if end != start else None, query=query,
        candidates=[one for one in candidates.tracks if start is None or one.id != start.id],
    )  # fmt: skip


async def journey_playlist(visit: Visit, query: JourneyQuery) -> Response:
    """Give the journey as an M3U playlist, with the paths that its sources use."""
    asked = PathParameters(catalogue=visit.served.name, start=query.start or "", end=query.end or "", count=query.count)
    steps = [step.track for step in (await visit.ask(tracks.path, asked)).steps]
    return await answer_playlist(visit, " to ".join(one.title or one.id for one in (steps[0], steps[-1])), steps)


async def _track(visit: Visit, track_id: str | None) -> Track | None:
    if track_id is None:
        return None
    return (await visit.ask(tracks.track, TrackParameters(catalogue=visit.served.name, id=track_id))).track
