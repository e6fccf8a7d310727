"""``segue map``: a picture of a catalogue's clusters."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from segue_operator.local.catalogue_view import full_title, open_catalogue
from segue_operator.local.cluster_map import draw
from segue_operator.local.commandline import Command, Invocation, printable
from segue_operator.local.errors import CommandExit, UsageError


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--catalogue", required=True, help="catalogue to draw")
    parser.add_argument(
        "--output", type=Path, default=Path("clusters.png"), metavar="FILE", help="default: clusters.png"
    )
    parser.add_argument(
        "--model", metavar="VERSION", help="by this model, for example demo:1 (default: the active one)"
    )


def _run(call: Invocation) -> int:
    output: Path = call.arguments.output
    if not output.parent.is_dir():
        raise UsageError(f"there is no folder {output.parent}", "create it, or choose another --output")
    recommender = open_catalogue(call, call.arguments.catalogue, call.arguments.model)
    tracks = recommender.tracks
    vectors = recommender.space.index.vectors(np.arange(len(tracks), dtype=np.intp))
    count = len(np.unique(tracks.clusters))
    try:
        draw(
            vectors,
            tracks.clusters,
            [printable(full_title(card)) for card in tracks.cards],
            heading=f"{recommender.catalogue}: {len(tracks)} tracks in {count} clusters (model {recommender.model})",
            output=output,
            names=dict(enumerate(recommender.cluster_names)),
        )
    except (OSError, ValueError) as error:
        raise UsageError(
            f"cannot write {output}: {error}", "name a .png, .svg or .pdf file that can be written"
        ) from error
    call.console.print(f"wrote {output}: {len(tracks)} tracks in {count} clusters", soft_wrap=True)
    return CommandExit.OK


COMMAND = Command(
    examples=["segue map --catalogue demo --output clusters.png"],
    add_arguments=_add_arguments,
    run=_run,
)
