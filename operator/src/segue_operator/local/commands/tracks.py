"""``segue tracks``: the tracks of a catalogue's model, to find an id."""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass

import numpy as np

from segue_jobs.recommend.recommender import Recommender
from segue_operator.local.catalogue_view import open_catalogue
from segue_operator.local.cluster_map import typical
from segue_operator.local.commandline import Command, Invocation, positive, write_json
from segue_operator.local.errors import CommandExit
from segue_operator.local.render import rows, table


@dataclass(frozen=True)
class _Entry:
    track_id: str
    title: str | None
    artist: str | None
    album: str | None
    cluster: int
    cluster_name: str

    @classmethod
    def of(cls, recommender: Recommender, row: int) -> _Entry:
        card, cluster = recommender.tracks.cards[row], int(recommender.tracks.clusters[row])
        name = recommender.cluster_names[cluster]
        return cls(card.track_id, card.title, card.artist, card.album, cluster, name)

    def to_document(self) -> dict[str, object]:
        document = asdict(self)
        return {"trackId": document.pop("track_id"), "clusterName": document.pop("cluster_name"), **document}

    def matches(self, text: str) -> bool:
        fields = (self.track_id, self.title, self.artist, self.album)
        return any(text.casefold() in field.casefold() for field in fields if field)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "search", nargs="?", default="", metavar="TEXT", help="only those whose id or names hold this text"
    )
    parser.add_argument("--catalogue", required=True, help="catalogue to list")
    parser.add_argument("--cluster", type=int, help="only those of this cluster")
    parser.add_argument(
        "--typical",
        type=positive,
        metavar="COUNT",
        help="only so many of each cluster, its most typical; large clusters first",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def _typical(recommender: Recommender, count: int) -> list[int]:
    """Rows of the tracks nearest to the middle of their clusters, larger clusters first."""
    clusters = recommender.tracks.clusters
    vectors = recommender.space.index.vectors(np.arange(len(clusters), dtype=np.intp))
    found, sizes = np.unique(clusters, return_counts=True)
    by_size = sorted(zip(found, sizes, strict=True), key=lambda item: (-item[1], item[0]))
    return [row for cluster, _ in by_size for row in typical(vectors, clusters, int(cluster), count)]


def _run(call: Invocation) -> int:
    wanted = call.arguments
    recommender = open_catalogue(call, wanted.catalogue)
    tracks = recommender.tracks
    rows_wanted = _typical(recommender, wanted.typical) if wanted.typical else range(len(tracks))
    entries = (_Entry.of(recommender, row) for row in rows_wanted)
    found = [entry for entry in entries if entry.matches(wanted.search) and wanted.cluster in (None, entry.cluster)]
    if wanted.json:
        write_json(call.console, [entry.to_document() for entry in found])
        return CommandExit.OK
    lines = (
        [entry.track_id, entry.title, entry.artist, entry.album, f"{entry.cluster}  {entry.cluster_name}"]
        for entry in found
    )
    call.console.print(rows(table("ID", "TITLE", "ARTIST", "ALBUM", "CLUSTER"), lines))
    call.notes.print(f"{len(found)} of {len(tracks)} tracks")
    return CommandExit.OK


COMMAND = Command(
    examples=[
        "segue tracks --catalogue demo",
        "segue tracks castle --catalogue demo",
        "segue tracks --catalogue demo --typical 3",
    ],
    add_arguments=_add_arguments,
    run=_run,
)
