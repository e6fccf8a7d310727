"""The map of a report: an SVG of a catalogue's tracks, at most some thousands of them, coloured by cluster."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

import numpy as np

from segue.commandline import printable
from segue.render.report_contents import full_name
from segue.render.tables import shorten
from segue_core.recommend.model_diff import Side
from segue_core.recommend.recommender import Recommender
from segue_core.similarity.arrays import Integers
from segue_core.similarity.projection import project

MOST_POINTS = 4_000
_NUMBERED = 60
"""Clusters whose number is on the map; more would cover it."""
COLOURS = (
    "#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377",
    "#bb5566", "#004488", "#ddaa33", "#44aa99", "#882255", "#777777",
)  # fmt: skip
_WIDTH, _HEIGHT, _MARGIN = 960.0, 560.0, 16.0
_TITLE_LENGTH = 80


def drawn_rows(recommender: Recommender) -> Integers:
    """Rows that the map shows: all, or evenly spaced ones of a large catalogue."""
    present = recommender.tracks.present
    step = max(1, -(-len(present) // MOST_POINTS))
    return present[::step]


def draw_svg(side: Side) -> str:
    """The map of a model's catalogue as an SVG element for a page."""
    recommender = side.recommender
    rows = drawn_rows(recommender)
    projection = project(recommender.space.index.vectors(rows))
    places = _on_paper(projection.points)
    clusters = recommender.tracks.clusters[rows].astype(np.intp)
    names = map(full_name, recommender.tracks.labels_of(rows))
    dots = (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{_radius(len(rows))}" fill="{_colour(cluster)}">'
        f"<title>{escape(shorten(printable(name), _TITLE_LENGTH))}</title></circle>"
        for (x, y), cluster, name in zip(places, clusters.tolist(), names, strict=True)
    )
    explained = f"{sum(projection.explained):.0%}"
    return "\n".join(
        (
            f'<svg viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" role="img" aria-labelledby="map-title">',
            f'<title id="map-title">Map of {len(rows)} tracks; the two axes show {explained} of the variance</title>',
            *dots,
            *_cluster_labels(places, clusters, side.cluster_numbers),
            "</svg>",
        )
    )


def _colour(cluster: int) -> str:
    return COLOURS[cluster % len(COLOURS)]


def _radius(points: int) -> float:
    return 4.5 if points < 500 else 3.0 if points < 2000 else 2.0


def _on_paper(points: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> list[tuple[float, float]]:
    low, high = points.min(axis=0), points.max(axis=0)
    span = np.where(high > low, high - low, 1.0)
    size = np.array([_WIDTH, _HEIGHT]) - 2 * _MARGIN
    scaled = (points - low) / span * size + _MARGIN
    return [(float(x), _HEIGHT - float(y)) for x, y in scaled]


def _cluster_labels(places: list[tuple[float, float]], clusters: Integers, numbers: Integers) -> Iterator[str]:
    spots = np.array(places)
    sizes = np.bincount(clusters)
    for cluster in np.argsort(-sizes, kind="stable")[:_NUMBERED].tolist():
        if sizes[cluster]:
            x, y = np.median(spots[clusters == cluster], axis=0)
            yield f'<text x="{x:.1f}" y="{y:.1f}">{int(numbers[cluster])}</text>'
