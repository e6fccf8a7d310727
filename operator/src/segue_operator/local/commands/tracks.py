"""``segue tracks``: the tracks of a catalogue's model, to find an id."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from segue_operator.local.catalogue_view import open_catalogue
from segue_operator.local.commandline import Command, Invocation, write_json
from segue_operator.local.errors import CommandExit
from segue_operator.local.render import rows, table


@dataclass(frozen=True)
class _Entry:
    track_id: str
    title: str | None
    artist: str | None
    album: str | None
    cluster: int

    def matches(self, text: str) -> bool:
        fields = (self.track_id, self.title, self.artist, self.album)
        return any(text.casefold() in field.casefold() for field in fields if field)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "search", nargs="?", default="", metavar="TEXT", help="only those whose id or names hold this text"
    )
    parser.add_argument("--catalogue", required=True, help="catalogue to list")
    parser.add_argument("--cluster", type=int, help="only those of this cluster")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _run(call: Invocation) -> int:
    wanted = call.arguments
    tracks = open_catalogue(call, wanted.catalogue).tracks
    found = [
        entry
        for card, cluster in zip(tracks.cards, tracks.clusters, strict=True)
        if (entry := _Entry(card.track_id, card.title, card.artist, card.album, int(cluster))).matches(wanted.search)
        and wanted.cluster in (None, entry.cluster)
    ]
    if wanted.json:
        names = {"track_id": "trackId"}
        write_json(call.console, [{names.get(k, k): v for k, v in vars(entry).items()} for entry in found])
        return CommandExit.OK
    lines = ([entry.track_id, entry.title, entry.artist, entry.album, entry.cluster] for entry in found)
    call.console.print(rows(table("ID", "TITLE", "ARTIST", "ALBUM", "CLUSTER", right=("CLUSTER",)), lines))
    call.notes.print(f"{len(found)} of {len(tracks)} tracks")
    return CommandExit.OK


COMMAND = Command(
    examples=["segue tracks --catalogue demo", "segue tracks castle --catalogue demo"],
    add_arguments=_add_arguments,
    run=_run,
)
