"""A catalogue's map: every track a point, near where it sounds alike, coloured by its cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = NDArray[np.floating]
Integers = NDArray[np.integer]
Colour = tuple[float, float, float, float]

TITLES_A_CLUSTER = 3
"""At least; up to twice as many where there are few clusters."""
TITLE_LENGTH = 42
PANEL_CLUSTERS = 12
_PIXELS_AN_INCH = 150
_BACKGROUND = "#fbfaf7"
_INK = "#2b2b2b"
_FAINT = "#777777"


@dataclass(frozen=True)
class Projection:
    """Points in the plane, and how much of the space's variance they keep."""

    points: NDArray[np.float64]
    """(n, 2)"""
    explained: tuple[float, float]
    """Share of the variance along each axis."""


def project(vectors: Floats) -> Projection:
    """Two principal components of the vectors; signs are fixed, so that the same model gives the same map.

    Parameters
    ----------
    vectors
        (n, d) in the model's space.
    """
    centred = np.asarray(vectors, dtype=np.float64) - np.mean(vectors, axis=0, dtype=np.float64)
    points = np.zeros((len(centred), 2))
    explained = np.zeros(2)
    values, axes = np.linalg.eigh(centred.T @ centred)
    total = max(float(values.sum()), np.finfo(np.float64).tiny)
    for column in range(min(2, len(values))):
        axis = axes[:, -1 - column]
        axis = axis * np.sign(axis[np.argmax(np.abs(axis))])
        points[:, column] = centred @ axis
        explained[column] = max(float(values[-1 - column]), 0.0) / total
    return Projection(points, (float(explained[0]), float(explained[1])))


def typical(vectors: Floats, clusters: Integers, cluster: int, count: int = TITLES_A_CLUSTER) -> list[int]:
    """Rows of a cluster nearest to its mean."""
    members = np.flatnonzero(clusters == cluster)
    distances = np.linalg.norm(vectors[members] - vectors[members].mean(axis=0), axis=1)
    return [int(row) for row in members[np.argsort(distances, kind="stable")[:count]]]


def _shorten(title: str) -> str:
    title = title.replace("$", r"\$")  # matplotlib would read mathematics
    return title if len(title) <= TITLE_LENGTH else f"{title[: TITLE_LENGTH - 1].rstrip()}…"


def draw(
    vectors: Floats,
    clusters: Integers,
    titles: Sequence[str],
    *,
    heading: str,
    output: Path,
    names: Mapping[int, str] | None = None,
) -> Projection:
    """Draw the map as PNG, or as what the file's ending says.

    Parameters
    ----------
    vectors
        (n, d) in the model's space.
    clusters
        (n,) cluster of each.
    titles
        One a row; those most typical of a cluster are written beside the map.
    names
        What a cluster is like, in few words.

    Raises
    ------
    OSError
        The file cannot be written.
    ValueError
        Its ending is no image format.
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
    figure.text(0.03, 0.94, heading.replace("$", r"\$"), fontsize=16, fontweight="bold", color=_INK)
    count = min(2 * TITLES_A_CLUSTER, max(TITLES_A_CLUSTER, 24 // len(sizes)))
    members = {cluster: [titles[row] for row in typical(vectors, clusters, cluster, count)] for cluster in sizes}
    _write_panel(figure, members, _headings(sizes, names or {}), sizes, colours)
    figure.savefig(output)
    return projection


def _headings(sizes: Mapping[int, int], names: Mapping[int, str]) -> dict[int, str]:
    return {
        cluster: _shorten("   ".join(filter(None, (str(cluster), names.get(cluster, ""), f"({size})"))))
        for cluster, size in sizes.items()
    }


def _write_panel(
    figure: Figure,
    members: Mapping[int, Sequence[str]],
    headings: Mapping[int, str],
    sizes: Mapping[int, int],
    colours: Mapping[int, Colour],
) -> None:
    shown = sorted(sorted(sizes, key=lambda cluster: -sizes[cluster])[:PANEL_CLUSTERS])
    lines = sum(len(members[cluster]) + 1.7 for cluster in shown)
    line = min(0.026, 0.85 / max(1.0, lines))
    height = 0.9
    figure.text(0.74, 0.94, "typical of each cluster", fontsize=11, color=_FAINT)
    for cluster in shown:
        figure.text(0.74, height, "●", color=colours[cluster], fontsize=13, va="center")
        figure.text(0.758, height, headings[cluster], fontsize=10, fontweight="bold", color=_INK, va="center")
        for title in members[cluster]:
            height -= line
            figure.text(0.758, height, _shorten(title), fontsize=9, color=_INK, va="center")
        height -= 1.7 * line
    if len(shown) < len(sizes):
        figure.text(0.758, height, f"and {len(sizes) - len(shown)} smaller clusters", fontsize=9, color=_FAINT)
