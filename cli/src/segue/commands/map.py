"""``segue map``: a picture of a catalogue's clusters."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from segue.commandline import Call, Catalogue, Model, printable
from segue.errors import CommandExit, UsageError
from segue.render.tables import full_title

_FORMATS = (".png", ".svg", ".pdf")


def _why(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def run(
    *,
    catalogue: Catalogue,
    output: Annotated[Path, Parameter(metavar="FILE", help="picture to write: .png, .svg or .pdf")] = Path(
        "clusters.png"
    ),
    model: Model = None,
    call: Call,
) -> int:
    """Draw a catalogue's tracks, coloured by cluster."""
    import numpy as np

    from segue.commands.catalogue_view import open_catalogue
    from segue.render.cluster_map import draw

    if output.suffix.lower() not in _FORMATS:
        raise UsageError(f"cannot draw {output}: its ending says no format", "name a .png, .svg or .pdf file")
    if not output.parent.is_dir():
        raise UsageError(f"there is no folder {output.parent}", "create it, or choose another --output")
    recommender = open_catalogue(call, catalogue, model)
    tracks = recommender.tracks
    vectors = recommender.space.index.vectors(np.arange(len(tracks), dtype=np.intp))
    count = len(np.unique(tracks.clusters))
    try:
        drawing = draw(
            vectors,
            tracks.clusters,
            [printable(full_title(card)) for card in tracks.cards],
            heading=f"{recommender.catalogue}: {len(tracks)} tracks in {count} clusters (model {recommender.model})",
            output=output,
            names=dict(enumerate(recommender.cluster_names)),
        )
    except (OSError, ValueError) as error:
        raise UsageError(
            f"cannot write {output}: {_why(error)}",
            "name a .png, .svg or .pdf file that can be written",
        ) from error
    if drawing.lacks_letters:
        call.notes.print(
            "note: no font here has some letters, which are squares in the picture; "
            "Japanese, Chinese and Korean need one such as Noto Sans CJK",
            soft_wrap=True,
        )
    call.console.print(f"wrote {output}: {len(tracks)} tracks in {count} clusters", soft_wrap=True)
    return CommandExit.OK
