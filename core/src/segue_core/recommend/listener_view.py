"""What is known of a listener at one moment, as the recommender takes it: states and weights, no history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from segue_core.recommend.filters import Range


@dataclass(frozen=True, kw_only=True)
class Exclusions:
    """What is never recommended to this listener; names are compared without case."""

    tracks: frozenset[str] = frozenset()
    artists: frozenset[str] = frozenset()
    albums: frozenset[str] = frozenset()
    genres: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Preferences:
    """What a listener says about their taste; it serves until there is a history, and shapes every list."""

    genres: tuple[str, ...] = ()
    artists: tuple[str, ...] = ()
    tempo_bpm: Range | None = None
    year: Range | None = None
    loudness_db: Range | None = None
    """Energy, as integrated loudness."""
    excluded: Exclusions = field(default_factory=Exclusions)


@dataclass(frozen=True, kw_only=True)
class ListenerView:
    """A listener's profile with all decay applied, so that it depends on nothing but itself.

    Track ids that the catalogue does not have any more are allowed; the recommender passes over them.
    """

    likes: tuple[str, ...] = ()
    dislikes: tuple[str, ...] = ()
    plays: Mapping[str, float] = field(default_factory=dict)
    """Track id -> decayed number of plays, above 0."""
    skips: Mapping[str, float] = field(default_factory=dict)
    """Track id -> decayed number of quick skips, above 0."""
    session: tuple[str, ...] = ()
    """Ids of the tracks liked or played in the current session, newest first."""
    preferences: Preferences = field(default_factory=Preferences)
