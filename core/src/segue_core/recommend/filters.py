"""Filters by genre and by range; a track with an unknown value does not pass a filter on it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from segue_core.contract.wording import similar
from segue_core.recommend.question_errors import RecommendError, UnknownGenreError
from segue_core.recommend.track_names import members, normalise_name
from segue_core.recommend.track_table import Tracks
from segue_core.recommend.words import fitting, understand
from segue_core.similarity.arrays import Booleans, Singles


class Drop(StrEnum):
    """Why a track was left out."""

    SEED = "seed"
    """Given as a like or dislike."""
    DUPLICATE = "duplicate"
    """The same recording as a seed or a better hit, under whatever name."""
    PLAYED = "played"
    """The listener has played it lately."""
    EXCLUDED = "excluded"
    """The listener's preferences exclude the track, its artist, its album or one of its genres."""
    OMITTED = "omitted"
    """The request leaves it out."""
    QUEUED = "queued"
    """It comes up anyway, or is a near-duplicate of what comes up."""
    PREFERENCE = "preference"
    """Outside of the listener's preferences."""
    GENRE = "genre"
    YEAR = "year"
    TEMPO = "tempo"
    DURATION = "duration"
    WORDS = "words"
    """What a network says of it is something else."""
    ARTIST_CAP = "artistCap"
    """Its artist already has enough hits."""
    DISLIKED = "disliked"
    """Nearer to a dislike than to the likes."""


@dataclass(frozen=True)
class Range:
    """From ``low`` to ``high``, both inclusive; None leaves an end open."""

    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        """Refuse a range that is empty."""
        ends = [end for end in (self.low, self.high) if end is not None]
        if any(math.isnan(end) for end in ends) or (len(ends) == 2 and ends[0] > ends[1]):
            given = " to ".join(f"{end:g}" for end in ends)
            raise RecommendError(f"the range from {given} is empty; give the smaller number first")

    def passes(self, values: Singles) -> Booleans:
        """Which values are in the range; NaN never is."""
        mask = np.isfinite(values)
        if self.low is not None:
            mask &= values >= self.low
        if self.high is not None:
            mask &= values <= self.high
        return mask


@dataclass(frozen=True, kw_only=True)
class Filters:
    """A track must pass every filter that is given; by default there are none."""

    genres: tuple[str, ...] = ()
    """The track has any of these; case does not matter."""
    year: Range | None = None
    tempo_bpm: Range | None = None
    duration_seconds: Range | None = None
    """Of the track, which its file may be only a clip of; see `track_length`."""
    words: str = ""
    """Words that a network says of the track, for example ``calm acoustic``; see `words`."""

    def masks(self, tracks: Tracks) -> dict[Drop, Booleans]:
        """Rows that pass, for each filter that is given; each of shape (n,).

        Raises
        ------
        UnknownGenreError
            No track has one of the genres.
        UnknownWordError
            No network can tell one of the words.
        """
        masks: dict[Drop, Booleans] = {}
        if self.genres:
            masks[Drop.GENRE] = genre_rows(tracks, self.genres)
        if self.words:
            masks[Drop.WORDS] = word_rows(tracks, self.words)
        if self.year is not None:
            masks[Drop.YEAR] = self.year.passes(tracks.years)
        if self.tempo_bpm is not None:
            masks[Drop.TEMPO] = self.tempo_bpm.passes(tracks.tempos)
        if self.duration_seconds is not None:
            masks[Drop.DURATION] = self.duration_seconds.passes(tracks.lengths)
        return masks


def word_rows(tracks: Tracks, words: str) -> Booleans:
    """Rows that a network's words fit; (n,).

    Raises
    ------
    UnknownWordError
        No network can tell one of the words.
    """
    names = tracks.names.words
    return fitting(tracks.words, names, tracks.removed, understand(words, names))


def genre_rows(tracks: Tracks, genres: Iterable[str]) -> Booleans:
    """Rows that have one of these genres; (n,).

    Raises
    ------
    UnknownGenreError
        No track has one of the genres.
    """
    known, lists = tracks.names.lists_by_genre, set[int]()
    for genre in genres:
        name = normalise_name(genre)
        if name not in known:
            raise UnknownGenreError(genre, similar(name, known))
        lists.update(known[name])
    return members(tracks.genres, sorted(lists), len(tracks.names.genres))
