"""A recommender's answer: the tracks, why each was chosen, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from segue_core.contract import Family
from segue_core.recommend.filters import Drop
from segue_core.recommend.track_length import LengthSource


class Source(StrEnum):
    """What a hit was found with."""

    LONG = "long"
    """A long-term taste: likes and plays."""
    SESSION = "session"
    """What the listener plays and likes now."""
    PREFERENCES = "preferences"
    """Genres and artists that the listener named."""
    FIRST_RUN = "firstRun"
    """Nothing is known yet: a choice that spans the catalogue."""


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
    """Mutual proximity, reduced by dislikes and skips; 0 to 1. Within a taste, the list is in this order."""
    similarity: float
    """Cosine to the taste (for a single like, to that track); -1 to 1."""
    why: Mapping[Family, float]
    """Each family's share of the similarity; the shares add up to 1."""
    words: str
    """The comparison with ``because`` in words: 'similar timbre, faster'."""
    because: str | None
    """Id of the nearest like or play of the taste; None if the listener has none."""
    new: bool
    """The track arrived after the training and was placed into the model."""
    length_seconds: float = float("nan")
    """Of the whole track."""
    length_from: LengthSource = LengthSource.FILE
    source: Source = Source.LONG
    confidence: float = 1.0
    """For a new track, the share of the training's tracks that lie farther from their cluster's centre; otherwise 1."""


@dataclass(frozen=True, kw_only=True)
class Recommendations:
    """The list, and what was left out of it."""

    model: str
    hits: tuple[Hit, ...]
    tastes: tuple[tuple[str, ...], ...]
    """Ids of the likes and plays, grouped into tastes, weightiest first."""
    dropped: Mapping[Drop, int]
    """Number of tracks left out by each rule. Seeds, their duplicates, exclusions, the queue and filters apply to the
    whole catalogue; each track counts for the first rule that it breaks. Dislikes and near-duplicates of the queue
    apply to the candidates (the nearest 200 of a taste that has the list to itself). The artist cap and duplicates of
    hits count candidates ranked above the last hit."""
    note: str | None = None
    """Why the list is shorter than requested."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One track of a journey, compared with the track before it."""

    track_id: str
    title: str | None
    artist: str | None
    album: str | None
    genres: tuple[str, ...]
    cluster: int
    hop: float
    """Cosine distance from the track before; 0 for the first."""
    why: Mapping[Family, float]
    """Each family's share of the similarity to the track before; the shares add up to 1."""
    words: str
    """How it differs from the track before: 'similar timbre, faster'; empty for the first."""


@dataclass(frozen=True, kw_only=True)
class Journey:
    """Tracks that lead from one to another in small hops."""

    model: str
    steps: tuple[Step, ...]
    """From the first track to the last, both included; no track and no recording twice."""
    largest_hop: float
    note: str | None = None
    """Why there are fewer tracks than requested."""
