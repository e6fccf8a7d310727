"""A listener's profile as a value: opinions, decaying weights, the latest events, preferences."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from segue_core.store.position import Position
from segue_core.store.profiles import (
    Erasure,
    PreferencesEntry,
    ProfileDocument,
    RecentEvent,
    TrackOpinion,
    TrackWeight,
)

_NO_OPINIONS: Mapping[str, TrackOpinion] = MappingProxyType({})
_NO_WEIGHTS: Mapping[str, TrackWeight] = MappingProxyType({})


class Profile(Struct, frozen=True, kw_only=True):
    """What is known of a listener; it never changes: an event makes another one.

    Parts that an event does not concern are shared between the two, so ``old.opinions is new.opinions`` says that no
    opinion has changed.
    """

    catalogue: str
    user: str
    opinions: Mapping[str, TrackOpinion] = _NO_OPINIONS
    """Track id -> opinion."""
    plays: Mapping[str, TrackWeight] = _NO_WEIGHTS
    """Track id -> decaying number of plays."""
    skips: Mapping[str, TrackWeight] = _NO_WEIGHTS
    """Track id -> decaying number of quick skips."""
    recent: tuple[RecentEvent, ...] = ()
    """In order of arrival, the newest last."""
    preferences: PreferencesEntry | None = None
    erasure: Erasure | None = None
    seen: Position | None = None
    """Where on Kafka the last event was that this profile has seen; None if it has seen none from there."""

    @classmethod
    def of_document(cls, document: ProfileDocument) -> Profile:
        """The profile in a document."""
        return cls(
            catalogue=document.catalogue,
            user=document.user,
            opinions={entry.track_id: entry for entry in document.opinions},
            plays={entry.track_id: entry for entry in document.plays},
            skips={entry.track_id: entry for entry in document.skips},
            recent=document.recent,
            preferences=document.preferences,
            erasure=document.erasure,
            seen=document.kafka,
        )

    def to_document(self) -> ProfileDocument:
        """The document to store."""
        return ProfileDocument(
            catalogue=self.catalogue,
            user=self.user,
            opinions=tuple(self.opinions.values()),
            plays=tuple(self.plays.values()),
            skips=tuple(self.skips.values()),
            recent=self.recent,
            preferences=self.preferences,
            erasure=self.erasure,
            kafka=self.seen,
        )
