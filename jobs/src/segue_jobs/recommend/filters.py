"""What a listener asks for: genres and ranges; a track whose value is unknown does not pass a filter for it."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from segue_jobs.recommend.errors import RecommendError, UnknownGenreError
from segue_jobs.recommend.tracks import Tracks, normalise_name
from segue_jobs.similarity.arrays import Booleans, Singles


class Drop(StrEnum):
    """Rule by which a track was left out."""

    SEED = "seed"
    """Given as a like or dislike."""
    DUPLICATE = "duplicate"
    """Same audio, or same title by the same artist, as a seed or a better hit."""
    GENRE = "genre"
    YEAR = "year"
    TEMPO = "tempo"
    DURATION = "duration"
    ARTIST_CAP = "artistCap"
    """Its artist has enough hits already."""
    DISLIKED = "disliked"
    """Nearer to a dislike than to what is liked."""


@dataclass(frozen=True)
class Range:
    """From ``low`` to ``high``, both included; None leaves an end open."""

    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        """Refuse a range that nothing can be in."""
        ends = [end for end in (self.low, self.high) if end is not None]
        if any(math.isnan(end) for end in ends) or (len(ends) == 2 and ends[0] > ends[1]):
            raise RecommendError(f"a range from {self.low} to {self.high} holds nothing; give the smaller number first")

    def passes(self, values: Singles) -> Booleans:
        """Which values lie inside; NaN never does."""
        mask = np.isfinite(values)
        if self.low is not None:
            mask &= values >= self.low
        if self.high is not None:
            mask &= values <= self.high
        return mask


@dataclass(frozen=True, kw_only=True)
class Filters:
    """All that is given must hold; nothing is given by default."""

    genres: tuple[str, ...] = ()
    """Any of these, without regard to case."""
    year: Range | None = None
    tempo_bpm: Range | None = None
    duration_seconds: Range | None = None

    def masks(self, tracks: Tracks) -> dict[Drop, Booleans]:
        """Rows that pass, for each filter that is given; each (n,).

        Raises
        ------
        UnknownGenreError
            No track has one of the genres.
        """
        masks: dict[Drop, Booleans] = {}
        if self.genres:
            masks[Drop.GENRE] = _genre_mask(tracks, self.genres)
        ranges = (
            (Drop.YEAR, self.year, tracks.years),
            (Drop.TEMPO, self.tempo_bpm, tracks.tempos),
            (Drop.DURATION, self.duration_seconds, tracks.durations),
        )
        masks |= {rule: wanted.passes(values) for rule, wanted, values in ranges if wanted is not None}
        return masks


def _genre_mask(tracks: Tracks, genres: tuple[str, ...]) -> Booleans:
    mask = np.zeros(len(tracks), dtype=np.bool_)
    for genre in genres:
        name = normalise_name(genre)
        if name not in tracks.genre_rows:
            raise UnknownGenreError(genre, difflib.get_close_matches(name, tracks.genre_rows, n=3))
        mask[tracks.genre_rows[name]] = True
    return mask
