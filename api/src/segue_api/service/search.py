"""Finding tracks by words and filters."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator

import numpy as np

from segue_api.service.word_index import WordIndex
from segue_core.recommend.filters import Filters
from segue_core.recommend.track_names import searchable
from segue_core.recommend.track_table import Label, Tracks
from segue_core.similarity.arrays import BLOCK_ROWS, Booleans, Integers

_LEAST_INDEXED = 8192
"""Later tracks are looked at one by one until they are so many."""


class SearchTexts:
    """Each track's searchable text, made when a catalogue is loaded, and for later tracks when they are searched."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._indexed: tuple[WordIndex, ...] = ()
        self._later: tuple[str, ...] = ()
        """Of the rows behind those of the indexes."""
        self._generation: object = None

    def update(self, tracks: Tracks) -> tuple[tuple[WordIndex, ...], tuple[str, ...]]:
        """Read what is not there yet; return the indexes, and the texts of the rows behind them."""
        with self._lock:
            if self._generation is not tracks.generation:
                self._indexed, self._later, self._generation = (), (), tracks.generation
            indexed = sum(map(len, self._indexed))
            known = indexed + len(self._later)
            if known < len(tracks):
                self._later = (*self._later, *_texts(tracks, known))
            if len(self._later) >= _LEAST_INDEXED or (self._later and not self._indexed):
                self._indexed, self._later = (*self._indexed, WordIndex.of(self._later)), ()
            return self._indexed, self._later

    def having(self, tracks: Tracks, words: Iterable[str]) -> Booleans:
        """(n,) rows whose text has all of these words, each as a part of a word."""
        indexed, later = self.update(tracks)
        found = np.ones(len(tracks), dtype=np.bool_)
        for word in words:
            parts = [*(index.having(word) for index in indexed), np.array([word in text for text in later], dtype=bool)]
            found &= np.concatenate(parts)[: len(tracks)]  # another request may know more tracks
        return found


def _texts(tracks: Tracks, start: int) -> Iterator[str]:
    """Texts from this row on."""
    for first in range(start, len(tracks), BLOCK_ROWS):
        rows = np.arange(first, min(first + BLOCK_ROWS, len(tracks)))
        yield from map(_text, tracks.labels_of(rows))


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
    return np.flatnonzero(passed & texts.having(tracks, wanted) if wanted else passed)
