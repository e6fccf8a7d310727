"""A catalogue's map: every track a point, near where it sounds alike, coloured by its cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from segue.render.map_text import Lettering
from segue_core.similarity.projection import Projection, most_typical, project

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = NDArray[np.floating]
Integers = NDArray[np.integer]
Colour = tuple[float, float, float, float]

TITLES_A_CLUSTER = 3
"""At least; up to twice as many where there are few clusters."""
PANEL_CLUSTERS = 12
_PIXELS_AN_INCH = 150
_BACKGROUND = "#fbfaf7"
_INK = "#2b2b2b"
_FAINT = "#777777"


@dataclass(frozen=True)
class Drawing:
    """A map that is written."""

    projection: Projection
    lacks_letters: bool
    """Whether some letters are squares, because no font here has them."""


def draw(
    vectors: Floats,
    clusters: Integers,
    titles: Sequence[str],
    *,
    heading: str,
    output: Path,
    names: Mapping[int, str] | None = None,
) -> Drawing:
    """Draw the map as PNG, or in the format of the file's extension.

    Parameters
    ----------
    vectors
        (n, d) in the model's space.
    clusters
        (n,) cluster of each.
    titles
        One for each row; those most typical of a cluster are written beside the map.
    names
        What a cluster sounds like, in a few words.

    Raises
    ------
    OSError
        The file cannot be written.
    ValueError
        Its extension is not a supported image format.
    """
    from matplotlib import colormaps
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    projection = project(vectors)
    sizes = {int(cluster): int(size) for cluster, size in zip(*np.unique(clusters, return_counts=True), strict=True)}
    palette = colormaps["tab20" if len(sizes) > 10 else "tab10"]
    colours = {cluster: palette(index % palette.N) for index, cluster in enumerate(sizes)}
    figure = Figure(figsize=(13, 8), dpi=_PIXELS_AN_INCH, facecolor=_BACKGROUND)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.03, 0.06, 0.68, 0.85), facecolor=_BACKGROUND)
    for cluster, colour in colours.items():
        across, up = projection.points[clusters == cluster].T
        axes.scatter(across, up, s=52, color=colour, alpha=0.9, edgecolors="white", linewidths=0.7)
    for cluster, colour in colours.items():
        axes.annotate(
            str(cluster), np.median(projection.points[clusters == cluster], axis=0),
            fontsize=12, fontweight="bold", color="white", ha="center", va="center",
            bbox={"boxstyle": "circle,pad=0.35", "facecolor": colour, "edgecolor": _INK, "linewidth": 1.2},
        )  # fmt: skip
    axes.set(xticks=[], yticks=[])
    axes.set_xlabel(
        f"the first two principal components show {sum(projection.explained):.0%} of the variance: "
        "what is near here may still sound different",
        color=_FAINT, fontsize=9,
    )  # fmt: skip
    axes.spines[:].set_visible(False)
    axes.margins(0.05)
    count = min(2 * TITLES_A_CLUSTER, max(TITLES_A_CLUSTER, 24 // len(sizes)))
    largest = sorted(sizes, key=lambda cluster: -sizes[cluster])
    members = {cluster: [titles[row] for row in most_typical(vectors, clusters, cluster, count)] for cluster in largest}
    headings = _headings(sizes, names or {})
    lettering = Lettering((heading, *headings.values(), *(title for shown in members.values() for title in shown)))
    lettering.write(figure, (0.03, 0.94), heading, width=0.68, fontsize=16, fontweight="bold", color=_INK)
    _write_panel(figure, lettering, members, headings, colours)
    figure.savefig(output)
    return Drawing(projection, lettering.lacks_letters)


def _headings(sizes: Mapping[int, int], names: Mapping[int, str]) -> dict[int, str]:
    return {
        cluster: "   ".join(filter(None, (str(cluster), names.get(cluster, ""), f"({size})")))
        for cluster, size in sizes.items()
    }


def _write_panel(
    figure: Figure,
    lettering: Lettering,
    members: Mapping[int, Sequence[str]],
    headings: Mapping[int, str],
    colours: Mapping[int, Colour],
) -> None:
    """Write each cluster's name and typical tracks, the largest clusters if there are many."""
    shown = sorted(list(members)[:PANEL_CLUSTERS])
    lines = sum(len(members[cluster]) + 1.7 for cluster in shown)
    line = min(0.026, 0.85 / max(1.0, lines))
    height = 0.9
    left, width = 0.758, 0.232
    figure.text(0.74, 0.94, "typical of each cluster", fontsize=11, color=_FAINT)
    for cluster in shown:
        figure.text(0.74, height, "●", color=colours[cluster], fontsize=13, va="center")
        lettering.write(
            figure, (left, height), headings[cluster], width=width, fontsize=10, fontweight="bold", color=_INK,
            va="center",
        )  # fmt: skip
        for title in members[cluster]:
            height -= line
            lettering.write(figure, (left, height), title, width=width, fontsize=9, color=_INK, va="center")
        height -= 1.7 * line
    if len(shown) < len(members):
        figure.text(left, height, f"and {len(members) - len(shown)} smaller clusters", fontsize=9, color=_FAINT)
