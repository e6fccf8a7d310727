"""Finding tracks by words and filters."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np

from segue_core.recommend.filters import Filters
from segue_core.recommend.track_names import searchable
from segue_core.recommend.track_table import Label, Tracks
from segue_core.similarity.arrays import BLOCK_ROWS, Booleans, Integers


class SearchTexts:
    """Each track's searchable text, made when a catalogue is loaded, and for later tracks when they are searched."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._texts: list[str] = []
        self._generation: object = None

    def of(self, tracks: Tracks) -> Sequence[str]:
        """Texts by row; there may be more of them than rows."""
        with self._lock:
            if self._generation is not tracks.generation:
                self._texts, self._generation = [], tracks.generation
            texts = self._texts
            for start in range(len(texts), len(tracks), BLOCK_ROWS):
                rows = np.arange(start, min(start + BLOCK_ROWS, len(tracks)))
                texts.extend(map(_text, tracks.labels_of(rows)))
            return texts


def _text(label: Label) -> str:
    parts = (label.track_id, label.title, label.artist, label.album, *label.genres)
    return "\n".join(searchable(part) for part in parts if part)


def present_rows(tracks: Tracks) -> Booleans:
    """(n,) rows whose track was neither removed nor replaced."""
    present = np.ones(len(tracks), dtype=np.bool_)
    present[tracks.removed] = False
    return present


def find_rows(tracks: Tracks, texts: SearchTexts, words: str, filters: Filters) -> Integers:
    """Rows whose text has every word and that pass the filters, ascending.

    Raises
    ------
    UnknownGenreError
        No track has one of the genres.
    """
    passed = present_rows(tracks)
    for mask in filters.masks(tracks).values():
        passed &= mask
    wanted = searchable(words).split()
    if not wanted:
        return np.flatnonzero(passed)
    lines, rows = texts.of(tracks), np.flatnonzero(passed).tolist()
    for word in wanted:
        rows = [row for row in rows if word in lines[row]]
    return np.array(rows, dtype=np.intp)
