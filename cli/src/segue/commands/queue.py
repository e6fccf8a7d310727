"""``segue queue``: a walk from song to song, to be played in this order."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from segue.commandline import AsJson, Call, Catalogue, Model, Positive, write_json
from segue.commands.filter_options import NO_FILTERS, FilterSet
from segue.commands.playing import NO_PLAY, Play
from segue.errors import CommandExit, UsageError


def run(
    *,
    catalogue: Catalogue,
    start: Annotated[str, Parameter(name="--from", metavar="TRACK", help="the first track: its id, title or file")],
    end: Annotated[
        str | None,
        Parameter(name="--to", metavar="TRACK", help="the last track; without it, each track leads to the next"),
    ] = None,
    options: FilterSet = NO_FILTERS,
    play: Play = NO_PLAY,
    limit: Annotated[Positive, Parameter(alias="-n", help="how many tracks, 2 to 100")] = 20,
    model: Model = None,
    as_json: AsJson = False,
    call: Call,
) -> int:
    """Print the tracks in the order in which they are played."""
    play.check(as_json=as_json)
    if end is not None and options != NO_FILTERS:
        raise UsageError("filters and --to exclude each other", "leave out --to, or the filters")
    from segue.commands.catalogue_view import explained, opened_catalogue
    from segue.commands.known_volumes import located_files
    from segue.commands.playing import deliver, playable
    from segue.commands.typed_tracks import TypedTracks
    from segue.render.recommendations import journey_document, print_journey
    from segue_core.recommend.walk import walk

    with opened_catalogue(call, catalogue, model) as (database, recommender), explained(recommender):
        typed = TypedTracks(call, database, recommender)
        first = typed.find_one("--from", start)
        if end is None:
            journey = walk(recommender, first, limit, filters=options.filters)
        else:
            journey = recommender.path(first, typed.find_one("--to", end), limit)
        files = located_files(call, database, catalogue, [step.track_id for step in journey.steps])
    if as_json:
        write_json(call.console, journey_document(journey, files))
    elif not play.only_files:
        print_journey(call.console, journey)
    if journey.note:
        call.notes.print(f"note: {journey.note}", soft_wrap=True)
    tracks = [playable(recommender, step.track_id) for step in journey.steps]
    deliver(call, play, tracks, {track_id: file.location for track_id, file in files.items()})
    return CommandExit.OK
