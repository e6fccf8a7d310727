"""Tracks of real music, analysed as a batch would: the folders stand for genres, tags tell the artists."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from segue_core.contract import ANALYSED_FAMILIES, Engine, WindowPosition
from segue_jobs.extract.analyse import Analysis, Method, Request, analyse_file
from segue_jobs.extract.decode import Window
from support.simulated_catalogue import Tracks

_METHOD = Method(Engine.NATIVE, Window(WindowPosition.MIDDLE, 30.0, 5.0), 1 << 30)


def heard_catalogue(paths: Iterable[Path]) -> Tracks:
    """The tracks in these files; those that cannot be used are left out."""
    ids, rows, artists, genres = [], [], [], []
    for path in paths:
        found = analyse_file(Request(str(path), path, _METHOD))
        if isinstance(found, Analysis):
            ids.append(str(path))
            rows.append([value for family in ANALYSED_FAMILIES for value in found.families[family]])
            artists.append(found.inspection.tags.artist)
            genres.append((path.parent.name,))
    return Tracks(tuple(ids), np.array(rows), tuple(artists), tuple(genres))
