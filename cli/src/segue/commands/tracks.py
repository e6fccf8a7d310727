"""``segue tracks``: the tracks of a catalogue, to find an id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from segue.commandline import AsJson, Call, Catalogue, Invocation, Positive, write_json
from segue.errors import CommandExit

if TYPE_CHECKING:
    from segue.render.track_entries import TrackEntry
    from segue_core.store.database import Database


def run(
    text: Annotated[str, Parameter(help="only tracks with this text in their id or names", show_default=False)] = "",
    /,
    *,
    catalogue: Catalogue,
    cluster: Annotated[int | None, Parameter(metavar="NUMBER", help="only the tracks of this cluster")] = None,
    typical: Annotated[
        Positive | None, Parameter(help="only the COUNT most typical tracks of each cluster; large clusters first")
    ] = None,
    missing: Annotated[
        bool,
        Parameter(
            help="instead: the tracks that are hidden because their files are gone or broken", show_default=False
        ),
    ] = False,
    as_json: AsJson = False,
    call: Call,
) -> int:
    """Print a line for every track."""
    if missing:
        from segue.commands.missing_tracks import show_missing

        return show_missing(call, catalogue, text, as_json=as_json)
    from segue.commands.database_access import open_database
    from segue.commands.known_volumes import located_files
    from segue.commands.stored_tracks import has_model, stored_entries

    with open_database(call) as database:
        needs_model = cluster is not None or typical is not None
        if needs_model or has_model(database, catalogue):
            entries = list(_modelled(call, database, catalogue, typical))
        else:
            entries = stored_entries(database, catalogue)
            call.notes.print(
                f"catalogue {catalogue!r} has no model yet: its tracks have no clusters, and there are no "
                "recommendations; a TrainingRun makes one",
                soft_wrap=True,
            )
        found = [entry for entry in entries if entry.matches(text) and cluster in (None, entry.cluster)]
        shown = [entry.track_id for entry in found] if as_json else []
        files = located_files(call, database, catalogue, shown)
    if as_json:
        write_json(call.console, [entry.to_document(files.get(entry.track_id)) for entry in found])
        return CommandExit.OK
    _print(call, found)
    call.notes.print(f"{len(found)} of {len(entries)} tracks")
    return CommandExit.OK


def _modelled(call: Invocation, database: Database, catalogue: str, typical: int | None) -> Iterator[TrackEntry]:
    from segue.commands.catalogue_view import loaded_catalogue
    from segue.render.track_entries import TrackEntry, typical_rows

    recommender = loaded_catalogue(call, database, catalogue)
    rows = typical_rows(recommender, typical) if typical else range(len(recommender.tracks))
    yield from (TrackEntry.of(recommender, row) for row in rows)


def _print(call: Invocation, found: list[TrackEntry]) -> None:
    from segue.render.listing import Kind, Listing

    columns = (
        ("ID", Kind.WHOLE), ("TITLE", Kind.TEXT), ("ARTIST", Kind.TEXT), ("ALBUM", Kind.TEXT), ("CLUSTER", Kind.TEXT),
    )  # fmt: skip
    lines = (
        [
            entry.track_id,
            entry.title,
            entry.artist,
            entry.album,
            None if entry.cluster is None else f"{entry.cluster}  {entry.cluster_name}",
        ]
        for entry in found
    )
    Listing(columns, lines).print(call.console)
