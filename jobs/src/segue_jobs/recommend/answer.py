"""A recommender's answer: the list, why each track is in it, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from segue_jobs.contract import Family
from segue_jobs.recommend.filters import Drop


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One recommended track."""

    track_id: str
    title: str | None
    artist: str | None
    album: str | None
    genres: tuple[str, ...]
    cluster: int
    score: float
    """Mutual proximity, less what a dislike takes away; 0 to 1. The list is made by it."""
    similarity: float
    """Cosine to the taste (to the track itself, for a single one); -1 to 1."""
    why: Mapping[Family, float]
    """Share of each family in the similarity; they add up to 1."""
    words: str
    """The same for people, against ``because``: 'similar timbre, faster'."""
    because: str
    """Id of the like that is nearest."""
    new: bool
    """Came after the model was trained, and was placed into it."""


@dataclass(frozen=True, kw_only=True)
class Recommendations:
    """The list and its account."""

    model: str
    hits: tuple[Hit, ...]
    tastes: tuple[tuple[str, ...], ...]
    """Ids of the likes, grouped, largest taste first."""
    dropped: Mapping[Drop, int]
    """Tracks left out by each rule. Seeds, their duplicates and filters count the whole catalogue, each track for the
    first rule that it breaks; dislikes count the candidates (the nearest 200 of each taste, or more); the artist cap
    and duplicates of hits count those down to the last hit."""
    note: str | None = None
    """Why the list is shorter than asked for."""
