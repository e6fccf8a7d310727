"""Finding tracks by words and filters."""

from __future__ import annotations

import threading
from array import array
from bisect import bisect_right
from collections.abc import Sequence

import numpy as np

from segue_core.recommend.filters import Filters
from segue_core.recommend.track_names import normalise_name
from segue_core.recommend.track_table import Label, Tracks
from segue_core.similarity.arrays import BLOCK_ROWS, Booleans, Integers

_END = "\0"
"""After each track's text; no word has it."""
_SAMPLE = 500_000
"""Characters in which words are counted, to begin with the rarest."""
_FREQUENT = 0.1
"""Share of tracks from which asking all of them is faster than going from place to place."""


class SearchTexts:
    """All tracks' searchable texts in one string, made when a catalogue is loaded, and for later tracks when searched.

    One string is searched a hundred times as fast as a hundred thousand of them, as long as few tracks have the word.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._joined = ""
        self._starts = array("q", [0])
        self._generation: object = None

    def prepare(self, tracks: Tracks) -> None:
        """Make the texts of the tracks that have none yet."""
        with self._lock:
            if self._generation is not tracks.generation:
                self._joined, self._starts, self._generation = "", array("q", [0]), tracks.generation
            parts, starts = [self._joined], self._starts[:]
            for begin in range(len(starts) - 1, len(tracks), BLOCK_ROWS):
                rows = np.arange(begin, min(begin + BLOCK_ROWS, len(tracks)))
                for text in map(_text, tracks.labels_of(rows)):
                    parts.append(text)
                    starts.append(starts[-1] + len(text))
            if len(parts) > 1:
                self._joined, self._starts = "".join(parts), starts

    def rows(self, tracks: Tracks, words: Sequence[str]) -> Integers:
        """Rows whose text has every one of some words, ascending; of rows that came later than the tracks as well."""
        self.prepare(tracks)
        with self._lock:
            joined, starts = self._joined, self._starts
        sampled = joined.count(_END, 0, _SAMPLE) or 1
        counts = {word: joined.count(word, 0, _SAMPLE) for word in words}
        rarest = min(words, key=counts.__getitem__)
        if counts[rarest] > _FREQUENT * sampled:
            lines = enumerate(joined.split(_END)[:-1])
            return np.array([row for row, line in lines if all(word in line for word in words)], dtype=np.intp)
        others = [word for word in words if word != rarest]
        found, place = [], joined.find(rarest)
        while place >= 0:
            row = bisect_right(starts, place) - 1
            begin, end = starts[row], starts[row + 1]
            if all(joined.find(word, begin, end) >= 0 for word in others):
                found.append(row)
            place = joined.find(rarest, end)
        return np.array(found, dtype=np.intp)


def _text(label: Label) -> str:
    parts = (label.track_id, label.title, label.artist, label.album, *label.genres)
    return "\n".join(normalise_name(part).replace(_END, " ") for part in parts if part) + _END


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
    wanted = normalise_name(words).replace(_END, " ").split()
    if not wanted:
        return np.flatnonzero(passed)
    rows = texts.rows(tracks, wanted)
    rows = rows[rows < len(passed)]
    return rows[passed[rows]]
