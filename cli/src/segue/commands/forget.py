"""``segue forget``: delete tracks and free their ids for other music."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from segue.commandline import Call, Catalogue, Invocation
from segue.errors import CommandExit, UsageError
from segue.render.listing import Kind, Listing

if TYPE_CHECKING:
    from segue_core.store.database import Database
    from segue_core.store.forget import KnownTrack


def run(
    track_ids: Annotated[list[str], Parameter(name="ID", help="ids of the tracks, as segue tracks shows them")],
    /,
    *,
    catalogue: Catalogue,
    yes: Annotated[bool, Parameter(alias="-y", help="do not ask", show_default=False)] = False,
    call: Call,
) -> int:
    """Show what goes, ask, and delete it."""
    from segue.commands.catalogue_view import check_catalogue
    from segue.commands.confirmation import is_confirmed
    from segue.commands.database_access import open_database
    from segue_core.recommend.catalogue_cache import CatalogueCache
    from segue_core.store.forget import find_known, forget

    with open_database(call) as database:
        check_catalogue(database, catalogue)
        wanted = _as_stored(database, catalogue, track_ids)
        known = list(find_known(database, catalogue, wanted))
        unknown = sorted(set(wanted) - {track.track_id for track in known})
        if unknown:
            raise UsageError(
                f"catalogue {catalogue!r} has no track {', '.join(map(repr, unknown))}",
                f"search for it: segue tracks TEXT --catalogue {catalogue}; "
                f"list those whose files are gone: segue tracks --missing --catalogue {catalogue}",
            )
        _show(call, known)
        count = len(known)
        question = f"Forget {'this track' if count == 1 else f'these {count} tracks'}?"
        if not yes and not is_confirmed(call, question, "nothing was forgotten"):
            call.console.print("nothing was forgotten")
            return CommandExit.OK
        forget(database, catalogue, [track.track_id for track in known])
        CatalogueCache(call.state.cache).clear()
    call.console.print(f"{len(known)} forgotten; a file that is still there returns as a new track")
    return CommandExit.OK


def _as_stored(database: Database, catalogue: str, typed: Sequence[str]) -> list[str]:
    """The ids that were meant, where a terminal shows them differently."""
    from segue_core.recommend.meaning import typed_back
    from segue_core.store.tracks import stored_ids

    known = stored_ids(database, catalogue)
    found = {text: typed_back(known, text) for text in typed if text not in known}
    return [found[text][0] if len(found.get(text, ())) == 1 else text for text in typed]


def _show(call: Invocation, known: Iterable[KnownTrack]) -> None:
    columns = (
        ("ID", Kind.WHOLE), ("TITLE", Kind.TEXT), ("ARTIST", Kind.TEXT), ("LIKES, PLAYS, SKIPS", Kind.NUMBER),
        ("PATH", Kind.WHOLE), ("SOURCE", Kind.TEXT),
    )  # fmt: skip
    lines = (
        [track.track_id, track.title, track.artist, str(track.events), track.path, track.source or None]
        for track in known
    )
    Listing(columns, lines).print(call.console)
