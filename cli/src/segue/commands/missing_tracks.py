"""The tracks of a catalogue whose files are gone or broken."""

from __future__ import annotations

from segue.commandline import Invocation, write_json
from segue.commands.catalogue_view import check_catalogue
from segue.commands.database_access import open_database
from segue.errors import CommandExit
from segue.render.listing import Kind, Listing
from segue_core.store.presence import Presence, read_hidden
from segue_core.store.titles import file_title
from segue_core.store.tracks import rows_with_ids


def show_missing(call: Invocation, catalogue: str, text: str, *, as_json: bool) -> int:
    """Print a line for every hidden track with this text in its id or names."""
    with open_database(call) as database:
        check_catalogue(database, catalogue)
        hidden = sorted(read_hidden(database, catalogue), key=lambda presence: presence.track_id)
        stored = rows_with_ids(database, catalogue, (presence.track_id for presence in hidden))
        names = {row.track_id: (row.metadata.title or file_title(row.path), row.metadata.artist) for row in stored}
    entries = [_entry(presence, *names.get(presence.track_id, (None, None))) for presence in hidden]
    found = [entry for entry in entries if _matches(entry, text)]
    if as_json:
        write_json(call.console, found)
        return CommandExit.OK
    if not found:
        call.console.print("no track is missing")
        return CommandExit.OK
    columns = (("ID", Kind.WHOLE), ("TITLE", Kind.TEXT), ("ARTIST", Kind.TEXT), ("BECAUSE", Kind.PROSE))
    lines = ([entry["trackId"], entry["title"], entry["artist"], entry["because"]] for entry in found)
    Listing(columns, lines).print(call.console)
    call.notes.print(f"{len(found)} missing; they are recommended again once their files are back")
    return CommandExit.OK


def _entry(presence: Presence, title: str | None, artist: str | None) -> dict[str, object]:
    return {
        "trackId": presence.track_id,
        "title": title,
        "artist": artist,
        "deleted": presence.deleted,
        "because": presence.why_hidden,
    }


def _matches(entry: dict[str, object], text: str) -> bool:
    fields = (entry["trackId"], entry["title"], entry["artist"])
    return any(text.casefold() in str(field).casefold() for field in fields if field)
