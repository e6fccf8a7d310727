"""The tracks that a training tries and measures on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from segue_core.similarity.arrays import Booleans, Doubles, Integers, Singles

SAMPLE_TRACKS = 6_000
"""Choosing k and measuring take as long for a million tracks as for this many."""
MAXIMUM_QUERIES = 1_000
LISTED_TRACKS = 2_500
"""Tracks whose lists are measured: reach and hubness need all of them as queries."""
_HELD_OUT = 0.2
_MINIMUM_HELD_OUT, _MAXIMUM_HELD_OUT = 10, 0.4


def _place(text: str) -> float:
    """A number from 0 to 1 that depends only on the text."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def artist_names(track_ids: Sequence[str], artists: Sequence[str | None]) -> tuple[str, ...]:
    """Artist of each track; one without an artist is its own."""
    return tuple(artist or f"track {track_id}" for artist, track_id in zip(artists, track_ids, strict=True))


@dataclass(frozen=True)
class Sample:
    """Tracks of the catalogue, ordered by id."""

    ids: tuple[str, ...]
    raw: Doubles
    """(n, d) features as extracted."""
    vectors: Singles
    """(n, d) unit rows in the space of the new model."""
    artists: tuple[str | None, ...]
    genres: tuple[tuple[str, ...], ...]
    aspects: Singles | None = None
    """(n, aspects) of `similarity.aspects`; None where nobody asks for names of clusters."""

    @cached_property
    def held_out(self) -> Booleans:
        """Rows whose artist is held out from the trial clusterings; (n,).

        Artists are divided by hash; a track without an artist counts as an artist of its own. A catalogue with few
        artists is divided by tracks; if it is too small even for that, nothing is held out.
        """
        for names in (artist_names(self.ids, self.artists), self.ids):
            held = np.array([_place(name) < _HELD_OUT for name in names], dtype=np.bool_)
            if _MINIMUM_HELD_OUT <= held.sum() <= _MAXIMUM_HELD_OUT * len(held):
                return held
        return np.zeros(len(self.ids), dtype=np.bool_)

    @cached_property
    def queries(self) -> Integers:
        """Rows to use as queries: those held out, or all if nothing is held out; at most `MAXIMUM_QUERIES`."""
        rows = np.flatnonzero(self.held_out) if self.held_out.any() else np.arange(len(self.ids))
        return self._drawn(rows, MAXIMUM_QUERIES)

    @cached_property
    def listed(self) -> Integers:
        """Rows whose lists are measured; at most `LISTED_TRACKS`."""
        return self._drawn(np.arange(len(self.ids)), LISTED_TRACKS)

    def _drawn(self, rows: Integers, count: int) -> Integers:
        if len(rows) <= count:
            return rows
        places = np.array([_place(f"query {self.ids[row]}") for row in rows])
        return np.sort(rows[np.argsort(places, kind="stable")[:count]])
