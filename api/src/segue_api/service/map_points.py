"""The map of a catalogue as bytes for a client that draws it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from segue_api.service.search import present_rows
from segue_core.recommend.recommender import Recommender
from segue_core.recommend.track_names import normalise_name
from segue_core.recommend.track_table import Tracks
from segue_core.similarity.arrays import Integers
from segue_core.similarity.projection import project

_POINT = np.dtype([("x", "<u2"), ("y", "<u2"), ("cluster", "u1")])
_MOST = 65535


def map_points(recommender: Recommender) -> bytes:
    """Five bytes a track, in the order of a search: x and y from 0 to 65,535 (little-endian), and the cluster's index.

    Both axes have one scale, so that distances on the map can be compared; the larger extent fills its axis.
    """
    tracks = recommender.tracks
    rows = np.flatnonzero(present_rows(tracks))
    vectors = recommender.space.index.vectors(rows)
    points = project(vectors).points
    low, high = points.min(axis=0), points.max(axis=0)
    extent = max(float((high - low).max()), np.finfo(np.float64).tiny)
    scaled = 0.5 * _MOST + (points - (low + high) / 2) / extent * _MOST
    found = np.empty(len(rows), dtype=_POINT)
    found["x"], found["y"] = np.clip(np.rint(scaled), 0, _MOST).astype(np.uint16).T
    found["cluster"] = np.minimum(tracks.clusters[rows], 255)
    return found.tobytes()


def with_kinds(points: bytes, tracks: Tracks, rows: Integers, genres: Sequence[str]) -> bytes:
    """The points with another fifth byte: the place of each track's first genre, 255 for none of the first 255.

    Parameters
    ----------
    rows
        (n,) the row of each point.
    genres
        Names, in the order in which they are numbered.
    """
    place = {normalise_name(name): min(number, 255) for number, name in enumerate(genres)}
    lists = [place.get(normalise_name(names[0]), 255) if names else 255 for names in tracks.names.genres]
    found = np.frombuffer(points, dtype=_POINT).copy()
    found["cluster"] = np.array([*lists, 255], dtype=np.uint8)[tracks.genres[rows]]
    return found.tobytes()
