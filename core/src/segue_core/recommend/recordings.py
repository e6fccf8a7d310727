"""Which tracks are one recording: by their audio, not by their names.

Names do not tell: every album has an "Intro", and every CD without tags a "Track 01", while a copy in another format
may be called anything. Measured on real music, tracks of one recording have a cosine of 0.985 or more in the model's
space, and durations within 1.5 seconds; no two different recordings among 353 tracks have both.
"""

from __future__ import annotations

import numpy as np

from segue_core.recommend.space import Space
from segue_core.recommend.track_table import Tracks
from segue_core.similarity.arrays import Booleans, Integers, Singles

SAME_COSINE = 0.985
SAME_SECONDS = 1.5


def copies(tracks: Tracks, space: Space, rows: Integers, vectors: Singles, of: Integers) -> Booleans:
    """Which rows are the same recording as one of others; shape (r,).

    Parameters
    ----------
    rows, vectors
        (r,) and (r, d).
    of
        (s,) rows. Cosines are computed only where the durations agree.
    """
    found = np.zeros(len(rows), dtype=np.bool_)
    apart = np.abs(tracks.durations[rows][:, None] - tracks.durations[of][None, :])
    left, right = np.nonzero(apart <= SAME_SECONDS)
    if not len(left):
        return found
    cosines = np.einsum("ij,ij->i", vectors[left], space.index.vectors(of[right]))
    found[left[cosines >= SAME_COSINE]] = True
    return found


class Recordings:
    """Recordings that a list has already, of some rows that are looked up once.

    Parameters
    ----------
    rows, vectors
        (m,) and (m, d); the methods take places in them.
    """

    def __init__(self, tracks: Tracks, rows: Integers, vectors: Singles) -> None:
        self._codes: list[int] = tracks.audio.codes[rows].tolist()
        self._seconds: list[float] = tracks.durations[rows].tolist()
        self._vectors = vectors
        self._audio: set[int] = set()
        self._known: list[tuple[int, float]] = []
        """Place and duration of each."""

    def has(self, place: int) -> bool:
        """Whether the list has this recording."""
        if self._codes[place] in self._audio:
            return True
        least, most = self._seconds[place] - SAME_SECONDS, self._seconds[place] + SAME_SECONDS
        near = [known for known, seconds in self._known if least <= seconds <= most]
        return bool(near) and bool((self._vectors[near] @ self._vectors[place]).max() >= SAME_COSINE)

    def add(self, place: int) -> None:
        """Remember a recording."""
        self._known.append((place, self._seconds[place]))
        if code := self._codes[place]:
            self._audio.add(code)
